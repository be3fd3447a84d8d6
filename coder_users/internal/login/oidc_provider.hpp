// Internal: may change at any time.
// The documents of the OpenID provider, fetched when they are needed and kept.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/base/provider.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/login/provider.hpp"
#include "coder_users/internal/login/single_flight.hpp"
#include "coder_users/internal/rules/id_token.hpp"
#include "coder_users/internal/wire/provider_documents.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 { namespace login {

/// Discovery document and key set of the configured issuer. However many want one that is not
/// here, one request is made; what cannot be used is not kept. May be used from any thread at once.
class OidcProvider {
 public:
    using Keys = std::shared_ptr<const std::vector<rules::IssuerKey>>;

    /// The options outlive it.
    explicit OidcProvider(const OidcOptions& options) : options_(options) {}

    /// Throws ProviderFailure.
    Discovery discovery(const ProviderCalls& calls) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (discovery_) return *discovery_;
        }
        return *fetched(discoveries_, calls, [&] {
            std::string url = options_.issuer_url;
            while (!url.empty() && url.back() == '/') url.pop_back();
            const ProviderAnswer answer = get(calls, url + "/.well-known/openid-configuration");
            auto found = std::make_shared<const Discovery>(
                wire::read_discovery(answer.body, options_.issuer_url));
            const std::lock_guard<std::mutex> lock(mutex_);
            discovery_ = found;
            return found;
        });
    }

    /// The keys of the issuer, as old as the provider allows. Throws ProviderFailure.
    Keys keys(const ProviderCalls& calls, Time now) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (keys_ && now >= keys_since_ && now < keys_until_) return keys_;
        }
        return fetch_keys(calls, now);
    }

    /// For a token that none of `tried` fits: the keys that somebody else has fetched meanwhile, or
    /// those fetched anew, at most once in 10 s; `tried` itself when it is too early for that.
    /// Throws ProviderFailure.
    Keys newer_keys(const ProviderCalls& calls, const Keys& tried, Time now) {
        return fetched(refetches_, calls, [&] {
            constexpr std::chrono::seconds pause(10);
            {
                const std::lock_guard<std::mutex> lock(mutex_);
                if (keys_ && keys_ != tried) return keys_;
                if (now >= refetched_at_ && now - refetched_at_ < pause) return tried;
                refetched_at_ = now;
            }
            return fetch_keys(calls, now);
        });
    }

 private:
    template <class Document>
    struct Fetched {
        std::shared_ptr<const Document> document;
        std::string failure;
        Deadline deadline;  ///< of the caller who fetched it
    };
    template <class Document>
    using Flights = SingleFlight<Fetched<Document>>;

    template <class Document, class Fetch>
    static std::shared_ptr<const Document> fetched(Flights<Document>& flights,
                                                   const ProviderCalls& calls, Fetch&& fetch) {
        for (;;) {
            auto outcome = flights.run("", calls.deadline, [&] {
                Fetched<Document> mine{nullptr, "", calls.deadline};
                try {
                    mine.document = fetch();
                } catch (const ProviderFailure& failure) {
                    mine.failure = failure.what();
                }
                return mine;
            });
            if (!outcome) throw ProviderFailure(provider_too_slow);
            if (outcome->document) return std::move(outcome->document);
            // Somebody who had less time than we have may have been the one to fetch it.
            const Deadline now = std::chrono::steady_clock::now();
            if (now < outcome->deadline || now >= calls.deadline)
                throw ProviderFailure(outcome->failure);
        }
    }

    Keys fetch_keys(const ProviderCalls& calls, Time now) {
        const std::string url = discovery(calls).jwks_uri;
        return fetched(key_sets_, calls, [&] {
            constexpr std::chrono::seconds usual = std::chrono::minutes(5);
            constexpr std::chrono::seconds longest = std::chrono::hours(24);
            const ProviderAnswer answer = get(calls, url);
            const auto age =
                (std::min)(wire::max_age(answer.cache_control).value_or(usual), longest);
            Keys keys = std::make_shared<const std::vector<rules::IssuerKey>>(
                rules::issuer_keys(wire::read_key_set(answer.body)));
            if (keys->empty()) throw ProviderFailure("the key set has no usable key");
            const std::lock_guard<std::mutex> lock(mutex_);
            keys_ = keys;
            keys_since_ = now;
            keys_until_ = add(now, age);
            return keys;
        });
    }

    static ProviderAnswer get(const ProviderCalls& calls, const std::string& url) {
        ProviderAnswer answer = calls.send({"GET", url, {{"Accept", "application/json"}}});
        if (answer.status != 200) throw unexpected_status(answer.status);
        return answer;
    }

    const OidcOptions& options_;
    Flights<Discovery> discoveries_;
    Flights<std::vector<rules::IssuerKey>> key_sets_;
    Flights<std::vector<rules::IssuerKey>> refetches_;

    std::mutex mutex_;  // guards everything below
    std::shared_ptr<const Discovery> discovery_;
    Keys keys_;
    Time keys_since_ = never, keys_until_ = never;
    Time refetched_at_ = never;
};

}}}  // namespace coder_users::v0::login
