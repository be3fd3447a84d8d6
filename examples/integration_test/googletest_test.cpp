#include <gtest/gtest.h>

#include <coder_users.hpp>
#include <coder_users/testing.hpp>

using coder_users::testing::Client;
using coder_users::testing::Controls;
using coder_users::testing::Server;

class Users : public ::testing::Test {
 protected:
    Server server{"2.35"};  // answers as this release of Coder
    Client owner = server.owner();
};

TEST_F(Users, NewOnesAreDormantUntilTheyComeBy) {
    const auto made = owner.post("/users", R"({"email":"bob@example.com","username":"bob",
                                               "password":"correct-Horse-9"})");
    ASSERT_EQ(made.status, 201);
    EXPECT_EQ(made["status"], "dormant");
    const auto login = server.visitor().post(
        "/users/login", R"({"email":"bob@example.com","password":"correct-Horse-9"})");
    ASSERT_EQ(login.status, 201);
    EXPECT_EQ(owner.get("/users/bob")["status"], "active");
}

TEST_F(Users, AreSeededWithWhatTheTestNeeds) {
    server.seed(R"([
        {"username": "ada", "email": "ada@example.com", "id": "11111111-2222-4333-8444-555555555555",
         "roles": ["user-admin"], "tokens": {"ci": "abcdefghij-0123456789ABCDEFGHIJKL"}},
        {"username": "bob", "email": "bob@example.com", "status": "suspended"}
    ])");
    const Client ada(server.service(), "abcdefghij-0123456789ABCDEFGHIJKL");
    EXPECT_EQ(ada.get("/users/me")["id"], "11111111-2222-4333-8444-555555555555");
    EXPECT_EQ(ada.get("/users/bob")["status"], "suspended");
}

TEST(Randomness, RepeatsForTheSameSeed) {
    Server one(Controls(7)), same(Controls(7)), other(Controls(8));
    EXPECT_EQ(one.owner().post("/users/me/keys").body, same.owner().post("/users/me/keys").body);
    EXPECT_NE(one.owner().id, other.owner().id);
}
