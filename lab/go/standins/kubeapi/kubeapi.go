// Package kubeapi talks to the API server from inside a pod: just enough of REST for the lab's stand-ins.
package kubeapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/"

// ErrNotFound is what Get returns for an object that is not there.
var ErrNotFound = errors.New("not found")

// ErrExists is what Create returns for an object that is there already.
var ErrExists = errors.New("already exists")

// Client knows where the API server is and who the pod is.
type Client struct {
	Address string // https://host:port
	CA      []byte // PEM
	http    *http.Client
}

// New makes a client from what kubelet gives to every pod.
func New() (*Client, error) {
	ca, err := os.ReadFile(serviceAccount + "ca.crt")
	if err != nil {
		return nil, fmt.Errorf("not in a pod with a service account: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	host := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ResponseHeaderTimeout: 20 * time.Second}
	return &Client{Address: "https://" + host, CA: ca, http: &http.Client{Transport: transport}}, nil
}

// Token is the service account's current token; kubelet renews the file.
func Token() (string, error) {
	text, err := os.ReadFile(serviceAccount + "token")
	return strings.TrimSpace(string(text)), err
}

func (c *Client) send(ctx context.Context, method, path, contentType string, body any) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.Address+path, reader)
	if err != nil {
		return nil, err
	}
	token, err := Token()
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", contentType)
	return c.http.Do(request)
}

func (c *Client) do(method, path, contentType string, body, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	response, err := c.send(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s: %w", path, ErrNotFound)
	case response.StatusCode == http.StatusConflict && method == http.MethodPost:
		return fmt.Errorf("%s: %w", path, ErrExists)
	case response.StatusCode >= 300:
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	case result == nil:
		return nil
	}
	return json.Unmarshal(text, result)
}

// Get reads one object or list.
func (c *Client) Get(path string, result any) error {
	return c.do(http.MethodGet, path, "application/json", nil, result)
}

// Create posts an object to its collection.
func (c *Client) Create(path string, object any) error {
	return c.do(http.MethodPost, path, "application/json", object, nil)
}

// Replace puts a whole object.
func (c *Client) Replace(path string, object any) error {
	return c.do(http.MethodPut, path, "application/json", object, nil)
}

// Patch changes parts of an object by a strategic merge patch.
func (c *Client) Patch(path string, patch any) error {
	return c.do(http.MethodPatch, path, "application/strategic-merge-patch+json", patch, nil)
}

// Watch calls seen for each event of a watch, until the server ends it.
func (c *Client) Watch(path string, seen func(kind string, object json.RawMessage)) error {
	response, err := c.send(context.Background(), http.MethodGet, path, "application/json", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("watch %s: %s", path, response.Status)
	}
	events := json.NewDecoder(response.Body)
	for {
		var event struct {
			Type   string
			Object json.RawMessage
		}
		if err := events.Decode(&event); err != nil {
			return err
		}
		seen(event.Type, event.Object)
	}
}
