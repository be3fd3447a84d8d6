// Starts the program, and speaks its protocol: node --test users.test.mjs
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, beforeEach, test } from "node:test";

let program, server;

async function call(method, path, { token, control, body } = {}) {
    const answer = await fetch(server.url + path, {
        method,
        headers: {
            ...(token && { "Coder-Session-Token": token }),
            ...(control && { Authorization: `Bearer ${server.control_token}` }),
        },
        body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}
const control = (method, path, body) => call(method, `/test/v1${path}`, { control: true, body });
const owner = (method, path, body) => call(method, `/api/v2${path}`, { token: server.owner_token, body });

before(async () => {
    program = spawn(process.env.CODER_USERS_PROGRAM ?? "coder-users", ["test"], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(program, "exit").then(() => Promise.reject(new Error("coder-users did not start")));
    const [line] = await Promise.race([once(createInterface(program.stdout), "line"), ended]); // it is ready
    ended.catch(() => {}); // later it ends as it should
    server = JSON.parse(line);
});
beforeEach(() => control("POST", "/reset"));
after(() => program.stdin.end()); // it ends with its input

test("a token ends when its time has come", async () => {
    const made = await owner("POST", "/users/me/keys/tokens", { lifetime: 3600e9 });
    assert.equal(made.status, 201);
    await control("POST", "/clock/advance", { duration: "2h" });
    assert.equal((await call("GET", "/api/v2/users/me", { token: made.body.key })).status, 401);
});

test("a program copes with a server in trouble", async () => {
    await control("POST", "/faults", { path: "/api/v2/users/{user}", status: 503 });
    assert.equal((await owner("GET", "/users/me")).status, 503);
    assert.equal((await owner("GET", "/users/me")).body.username, "owner");
});
