# Takes what the library stands on from the system (Debian), instead of from a Conan remote.
include(default)

[settings]
compiler.cppstd=17

[platform_requires]
cli11/2.3.2
cpp-httplib/0.18.7
libpq/15.0
libxcrypt/4.4.33
openssl/3.0.11
picojson/1.3.0
sqlitecpp/3.2.1
