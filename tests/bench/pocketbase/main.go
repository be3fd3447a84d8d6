// PocketBase with users and a token, for run.py to compare with.
//
//	pocketbase <folder for its data> <users>
//
// prints its port, the id of a user and a token of it, and serves until its input ends.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"

	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// addTokens makes a collection to which a request may add a row, as it may add a token to us.
func addTokens(app core.App) error {
	tokens := core.NewBaseCollection("tokens")
	tokens.Fields.Add(&core.TextField{Name: "name", Required: true})
	tokens.Fields.Add(&core.TextField{Name: "hashed_secret"})
	tokens.CreateRule = &everybody
	return app.Save(tokens)
}

// fill makes the users in one transaction and returns the first one's id and a token of it.
func fill(app core.App, count int) (id, token string, err error) {
	err = app.RunInTransaction(func(tx core.App) error {
		if err := addTokens(tx); err != nil {
			return err
		}
		users, err := tx.FindCollectionByNameOrId("users")
		if err != nil {
			return err
		}
		users.ListRule, users.ViewRule = &everybody, &everybody
		if err := tx.Save(users); err != nil {
			return err
		}
		for i := range count {
			user := core.NewRecord(users)
			user.SetEmail(fmt.Sprintf("user-%07d@example.org", i))
			user.Set("name", fmt.Sprintf("user-%07d", i))
			// One hash for all: what hashing costs is measured elsewhere.
			user.SetRaw("password", &core.PasswordFieldValue{Hash: hash})
			user.RefreshTokenKey()
			if err := tx.SaveNoValidate(user); err != nil {
				return err
			}
			if i == 0 {
				id = user.Id
				if token, err = user.NewAuthToken(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return id, token, err
}

// As our owner may, the user whose token is used may list all.
var everybody = "@request.auth.id != ''"

// hash is that of a password of cost 10.
const hash = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: pocketbase <folder for its data> <users>")
	}
	count, err := strconv.Atoi(os.Args[2])
	must(err)
	app := pocketbase.NewWithConfig(pocketbase.Config{DefaultDataDir: os.Args[1], HideStartBanner: true})
	must(app.Bootstrap())
	must(app.RunAllMigrations())
	id, token, err := fill(app, count)
	must(err)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	address := free.Addr().String()
	must(free.Close())
	app.OnServe().BindFunc(func(event *core.ServeEvent) error {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
		if err := event.Next(); err != nil {
			return err
		}
		fmt.Println(address[len("127.0.0.1:"):], id, token)
		return nil
	})
	must(apis.Serve(app, apis.ServeConfig{HttpAddr: address}))
}
