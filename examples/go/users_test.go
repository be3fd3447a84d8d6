// Starts the program once for all tests of the package, and speaks its protocol: go test
package users

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var server struct {
	URL          string `json:"url"`
	OwnerToken   string `json:"owner_token"`
	ControlToken string `json:"control_token"`
}

func TestMain(m *testing.M) {
	status, err := withServer(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "coder-users:", err)
		status = 1
	}
	os.Exit(status)
}

// withServer runs the tests while the program runs. It ends with its input.
func withServer(run func() int) (int, error) {
	name := os.Getenv("CODER_USERS_PROGRAM")
	if name == "" {
		name = "coder-users"
	}
	program := exec.Command(name, "test")
	program.Stderr = os.Stderr
	input, err := program.StdinPipe()
	if err != nil {
		return 1, err
	}
	output, err := program.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := program.Start(); err != nil {
		return 1, err
	}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &server)
	}
	status := 1
	if err == nil {
		status = run()
	}
	input.Close()
	if ended := program.Wait(); err == nil {
		err = ended
	}
	return status, err
}

// call sends a request, and reads the JSON of the answer into result where that is not nil.
func call(t *testing.T, method, path, header, token, body string, result any) int {
	t.Helper()
	request, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(header, token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && result != nil {
		err = json.Unmarshal(text, result)
	}
	if err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
	return answer.StatusCode
}

func api(t *testing.T, method, path, token, body string, result any) int {
	t.Helper()
	return call(t, method, "/api/v2"+path, "Coder-Session-Token", token, body, result)
}

func control(t *testing.T, method, path, body string) {
	t.Helper()
	bearer := "Bearer " + server.ControlToken
	if status := call(t, method, "/test/v1"+path, "Authorization", bearer, body, nil); status >= 300 {
		t.Fatalf("%s %s: %d", method, path, status)
	}
}

func TestATokenEndsWhenItsTimeHasCome(t *testing.T) {
	control(t, "POST", "/reset", "")
	var made struct{ Key string }
	if status := api(t, "POST", "/users/me/keys/tokens", server.OwnerToken,
		`{"lifetime":3600000000000}`, &made); status != 201 {
		t.Fatal("making a token:", status)
	}
	control(t, "POST", "/clock/advance", `{"duration":"2h"}`)
	if status := api(t, "GET", "/users/me", made.Key, "", nil); status != 401 {
		t.Error("after two hours:", status)
	}
}

func TestAServerInTrouble(t *testing.T) {
	control(t, "POST", "/reset", "")
	control(t, "POST", "/faults", `{"path":"/api/v2/users/{user}","status":503}`)
	if status := api(t, "GET", "/users/me", server.OwnerToken, "", nil); status != 503 {
		t.Error("with a fault:", status)
	}
	var me struct{ Username string }
	if status := api(t, "GET", "/users/me", server.OwnerToken, "", &me); status != 200 || me.Username != "owner" {
		t.Error("after it:", status, me.Username)
	}
}
