"""Conan 2 recipe. It packages the checkout or the unpacked release that it lies in:
conan create packages/conan"""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.gnu import PkgConfigDeps

required_conan_version = ">=2.0.5"


class CoderUsers(ConanFile):
    name = "coder_users"
    description = "Users, roles and API keys of Coder's HTTP API, embeddable in a C++ program"
    license = "MIT"
    topics = ("users", "authentication", "api-keys", "coder", "sqlite")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False], "postgres": [True, False], "tools": [True, False]}
    default_options = {"shared": False, "fPIC": True, "postgres": False, "tools": False,
                       "cpp-httplib/*:with_openssl": True}
    implements = ["auto_shared_fpic"]

    def root(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        text = load(self, os.path.join(self.root(), "coder_users", "api.hpp"))
        self.version = re.search(r'version = "([0-9.]+)"', text).group(1)

    def export_sources(self):
        for pattern in "CMakeLists.txt", "LICENSE", "main.cpp", "coder_users.hpp", "cmake/*", "coder_users/*", \
                "tests/tools/amalgamate.py":
            copy(self, pattern, src=self.root(), dst=self.export_sources_folder)

    def requirements(self):
        # A host includes cpp-httplib and picojson itself, with the macros of this library.
        self.requires("cpp-httplib/[>=0.18 <1]", transitive_headers=True, transitive_libs=True)
        self.requires("picojson/1.3.0", transitive_headers=True)
        self.requires("sqlitecpp/[>=3.2 <4]")
        self.requires("openssl/[>=3 <4]")
        self.requires("libxcrypt/[>=4.4 <5]")
        if self.options.postgres:
            self.requires("libpq/[>=15 <18]")
        if self.options.tools:
            self.requires("cli11/[>=2.3 <3]", headers=False, visible=False)

    def validate(self):
        check_min_cppstd(self, 17)
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration(f"{self.name} needs Linux")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables.update({
            "CODER_USERS_DEMO": False,
            "CODER_USERS_INSTALL": True,
            "CODER_USERS_POSTGRES": bool(self.options.postgres),
            "CODER_USERS_TESTS": False,
            "CODER_USERS_TOOLS": bool(self.options.tools),
            "CODER_USERS_WEB_PAGE": True,
        })
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))

    def package_info(self):
        # The library's own CMake package knows which macros a host must share.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["."]
        self.cpp_info.libs = ["coder_users"]
        if self.options.postgres:
            self.cpp_info.libs.insert(0, "coder_users_postgres")
            self.cpp_info.exelinkflags = ["-Wl,--undefined=coder_users_postgres_part"]
        self.cpp_info.defines = ["CODER_USERS_COMPILED", "PICOJSON_USE_INT64"]
        self.cpp_info.system_libs = ["pthread"]
