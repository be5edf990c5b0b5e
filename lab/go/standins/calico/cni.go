package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kubeboot.lab/standins/kubeapi"
)

const (
	pluginSource = "/opt/cni/bin" // in the image
	hostPlugins  = "/host/opt/cni/bin"
	hostConfig   = "/host/etc/cni/net.d"
	kubeconfig   = "calico-kubeconfig"
)

// install puts plugins, kubeconfig and configuration on the host, the configuration last: with it the node is Ready.
func install([]string) error {
	entries, err := os.ReadDir(pluginSource)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == "install" {
			continue
		}
		if err := copyProgram(filepath.Join(pluginSource, entry.Name()), filepath.Join(hostPlugins, entry.Name())); err != nil {
			return err
		}
	}
	api, err := kubeapi.New()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(hostConfig, 0o755); err != nil {
		return err
	}
	if err := writeKubeconfig(api); err != nil {
		return err
	}
	filled := strings.NewReplacer(
		"__KUBERNETES_NODE_NAME__", os.Getenv("KUBERNETES_NODE_NAME"),
		"__CNI_MTU__", variable("CNI_MTU", "0"),
		"__KUBECONFIG_FILEPATH__", "/etc/cni/net.d/"+kubeconfig,
	).Replace(os.Getenv("CNI_NETWORK_CONFIG"))
	if !json.Valid([]byte(filled)) {
		return fmt.Errorf("CNI_NETWORK_CONFIG is no JSON: %s", filled)
	}
	name := variable("CNI_CONF_NAME", "10-calico.conflist")
	log.Printf("CNI plugins and %s are installed", name)
	return writeFile(filepath.Join(hostConfig, name), []byte(filled), 0o644)
}

func copyProgram(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeFile(to, text, 0o755)
}

// writeFile replaces a file in one move: the old one may be running or be read right now.
func writeFile(path string, text []byte, mode os.FileMode) error {
	aside := path + ".new"
	if err := os.WriteFile(aside, text, mode); err != nil {
		return err
	}
	return os.Rename(aside, path)
}

func writeKubeconfig(api *kubeapi.Client) error {
	token, err := kubeapi.Token()
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: local
  cluster: {server: "%s", certificate-authority-data: "%s"}
users:
- name: calico
  user: {token: "%s"}
contexts:
- name: calico-context
  context: {cluster: local, user: calico}
current-context: calico-context
`, api.Address, base64.StdEncoding.EncodeToString(api.CA), token)
	return writeFile(filepath.Join(hostConfig, kubeconfig), []byte(text), 0o600)
}

// ipam is called by the manifest with -upgrade before the first start: there is never anything to upgrade.
func ipam(arguments []string) error {
	if len(arguments) > 0 && arguments[0] == "-upgrade" {
		log.Print("nothing to upgrade from host-local")
		return nil
	}
	return fmt.Errorf("calico-ipam: the lab's stand-in gives addresses by host-local")
}

// plugin is the CNI plugin "calico": it hands its work to ptp with host-local over the node's share of the pool.
func plugin([]string) error {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if os.Getenv("CNI_COMMAND") == "VERSION" {
		fmt.Println(`{"cniVersion": "1.0.0", "supportedVersions": ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"]}`)
		return nil
	}
	delegated, err := delegate(input)
	if err != nil {
		return failure(err)
	}
	self, err := os.Executable()
	if err != nil {
		return failure(err)
	}
	child := exec.Command(filepath.Join(filepath.Dir(self), "ptp"))
	child.Stdin, child.Stdout, child.Stderr = strings.NewReader(string(delegated)), os.Stdout, os.Stderr
	if err := child.Run(); err != nil {
		os.Exit(1) // ptp has said why, in the form that the runtime reads
	}
	return nil
}

// delegate rewrites the plugin's configuration for ptp.
func delegate(input []byte) ([]byte, error) {
	var given map[string]any
	if err := json.Unmarshal(input, &given); err != nil {
		return nil, err
	}
	share, err := os.ReadFile(filepath.Join(stateFolder, "share"))
	if err != nil && os.Getenv("CNI_COMMAND") != "DEL" {
		return nil, fmt.Errorf("stat %s/nodename: no such file or directory: check that the calico/node container is running and has mounted %s/", stateFolder, stateFolder)
	}
	if len(share) == 0 {
		share = []byte("192.0.2.0/24") // host-local finds what to release by container, but wants a range
	}
	result := map[string]any{
		"type": "ptp",
		"ipam": map[string]any{
			"type":   "host-local",
			"ranges": [][]map[string]string{{{"subnet": string(share)}}},
			"routes": []map[string]string{{"dst": "0.0.0.0/0"}},
		},
	}
	for _, key := range []string{"cniVersion", "name", "prevResult", "runtimeConfig"} {
		if value, isThere := given[key]; isThere {
			result[key] = value
		}
	}
	return json.Marshal(result)
}

// failure prints an error in CNI's form and ends the program.
func failure(err error) error {
	text, _ := json.Marshal(map[string]any{"cniVersion": "0.3.1", "code": 100, "msg": err.Error()})
	fmt.Println(string(text))
	os.Exit(1)
	return nil
}
