// Command certgen is the lab's stand-in for kube-webhook-certgen. The admission Jobs of ingress-nginx call it twice:
// `create` keeps a CA and a server certificate in a Secret, `patch` puts that CA into the webhook configuration.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"

	"kubeboot.lab/standins/kubeapi"
)

type options struct {
	hosts, namespace, secret, webhook, policy string
	certKey, keyKey                           string
	patchValidating, patchMutating            bool
}

func main() {
	commands := map[string]func(*kubeapi.Client, options) error{"create": create, "patch": patch}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		log.Fatal("usage: kube-webhook-certgen create|patch [flags]")
	}
	var o options
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	flags.StringVar(&o.hosts, "host", "", "names for the certificate, separated by commas")
	flags.StringVar(&o.namespace, "namespace", "default", "namespace of the Secret")
	flags.StringVar(&o.secret, "secret-name", "", "name of the Secret")
	flags.StringVar(&o.certKey, "cert-name", "cert", "the certificate's key in the Secret")
	flags.StringVar(&o.keyKey, "key-name", "key", "the private key's key in the Secret")
	flags.StringVar(&o.webhook, "webhook-name", "", "name of the webhook configurations")
	flags.StringVar(&o.policy, "patch-failure-policy", "", "Fail or Ignore; empty leaves it")
	flags.BoolVar(&o.patchValidating, "patch-validating", true, "patch the ValidatingWebhookConfiguration")
	flags.BoolVar(&o.patchMutating, "patch-mutating", true, "patch the MutatingWebhookConfiguration")
	_ = flags.Parse(os.Args[2:]) // ExitOnError
	api, err := kubeapi.New()
	if err == nil {
		err = commands[os.Args[1]](api, o)
	}
	if err != nil {
		log.Fatal(err)
	}
}

type secret struct {
	Metadata map[string]any    `json:"metadata"`
	Data     map[string][]byte `json:"data"`
}

func secrets(o options) string { return "/api/v1/namespaces/" + o.namespace + "/secrets" }

func create(api *kubeapi.Client, o options) error {
	err := api.Get(secrets(o)+"/"+o.secret, &secret{})
	if err == nil {
		log.Print("the secret is there already")
		return nil
	}
	if !errors.Is(err, kubeapi.ErrNotFound) {
		return err
	}
	made, err := newCertificate(strings.Split(o.hosts, ","))
	if err != nil {
		return err
	}
	log.Print("creating the secret")
	return api.Create(secrets(o), secret{
		Metadata: map[string]any{"name": o.secret},
		Data:     map[string][]byte{"ca": made.ca, o.certKey: made.cert, o.keyKey: made.key},
	})
}

func patch(api *kubeapi.Client, o options) error {
	var found secret
	if err := api.Get(secrets(o)+"/"+o.secret, &found); err != nil {
		return err
	}
	kinds := map[string]bool{"validating": o.patchValidating, "mutating": o.patchMutating}
	for kind, isWanted := range kinds {
		if !isWanted {
			continue
		}
		path := fmt.Sprintf("/apis/admissionregistration.k8s.io/v1/%swebhookconfigurations/%s", kind, o.webhook)
		if err := trust(api, path, found.Data["ca"], o.policy); err != nil {
			return err
		}
		log.Printf("patched the %s webhook", kind)
	}
	return nil
}

func trust(api *kubeapi.Client, path string, ca []byte, policy string) error {
	var configuration map[string]any
	if err := api.Get(path, &configuration); err != nil {
		return err
	}
	hooks, _ := configuration["webhooks"].([]any)
	for _, item := range hooks {
		hook, isMap := item.(map[string]any)
		client, hasClient := hook["clientConfig"].(map[string]any)
		if !isMap || !hasClient {
			return fmt.Errorf("%s: a webhook without clientConfig", path)
		}
		client["caBundle"] = ca
		if policy != "" {
			hook["failurePolicy"] = policy
		}
	}
	return api.Replace(path, configuration)
}
