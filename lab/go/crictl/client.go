package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"text/template"
	"time"

	"github.com/gogo/protobuf/jsonpb"
	"github.com/gogo/protobuf/proto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const messageLimit = 16 << 20

type client struct {
	runtime cri.RuntimeServiceClient
	images  cri.ImageServiceClient
	socket  string
}

func connect(given options) (*client, error) {
	socket := given.get("runtime-endpoint", setting(given.get("config", settingsFile), "runtime-endpoint"))
	if !strings.Contains(socket, "://") {
		socket = "unix://" + socket
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	connection, err := grpc.DialContext(ctx, socket, grpc.WithBlock(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageLimit)))
	if err != nil {
		return nil, fmt.Errorf("connect: no container runtime answers at %q: %w", socket, err)
	}
	return &client{cri.NewRuntimeServiceClient(connection), cri.NewImageServiceClient(connection), socket}, nil
}

// setting reads one key of crictl.yaml, which is flat.
func setting(path, key string) string {
	file, err := os.Open(path)
	if err != nil {
		return defaultSocket
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, isPair := strings.Cut(lines.Text(), ":")
		if value = strings.Trim(value, " \"'"); isPair && strings.TrimSpace(name) == key && value != "" {
			return value
		}
	}
	return defaultSocket
}

func printJSON(value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	fmt.Println(string(text))
	return err
}

// printAs prints what `-o` asks for: JSON, or a Go template over it.
func printAs(given options, value any) error {
	if given.get("output", "json") != "go-template" {
		return printJSON(value)
	}
	parsed, err := template.New("output").Parse(given.get("template", ""))
	if err != nil {
		return err
	}
	if err := parsed.Execute(os.Stdout, value); err != nil {
		return err
	}
	fmt.Println()
	return nil
}

// plain turns an answer of the runtime into what upstream's crictl prints as JSON: camel case, and names for numbers.
func plain(message proto.Message) any {
	marshaler := jsonpb.Marshaler{EmitDefaults: true}
	text, err := marshaler.MarshalToString(message)
	if err != nil {
		return err.Error()
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return err.Error()
	}
	return value
}

func plainList[M proto.Message](messages []M) []any {
	result := []any{}
	for _, message := range messages {
		result = append(result, plain(message))
	}
	return result
}

func printTable(rows [][]string) error {
	table := tabwriter.NewWriter(os.Stdout, 10, 1, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

// spread puts the runtime's verbose answers, JSON in strings, into one object.
func spread(status proto.Message, verbose map[string]string) map[string]any {
	result := map[string]any{"status": plain(status)}
	for key, text := range verbose {
		var value any
		if json.Unmarshal([]byte(text), &value) != nil {
			value = text
		}
		if fields, isObject := value.(map[string]any); isObject && key == "info" {
			result["info"] = fields
			continue
		}
		result[key] = value
	}
	return result
}

func short(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	if len(id) > 13 {
		return id[:13]
	}
	return id
}

func age(nanoseconds int64) string {
	passed := time.Since(time.Unix(0, nanoseconds))
	switch {
	case passed < time.Minute:
		return fmt.Sprintf("%d seconds ago", int(passed.Seconds()))
	case passed < time.Hour:
		return fmt.Sprintf("%d minutes ago", int(passed.Minutes()))
	case passed < 48*time.Hour:
		return fmt.Sprintf("%d hours ago", int(passed.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(passed.Hours()/24))
}

func info(ctx context.Context, c *client, given options) error {
	answer, err := c.runtime.Status(ctx, &cri.StatusRequest{Verbose: true})
	if err != nil {
		return err
	}
	return printAs(given, spread(answer.Status, answer.Info))
}

func versions(ctx context.Context, c *client, _ options) error {
	answer, err := c.runtime.Version(ctx, &cri.VersionRequest{})
	if err != nil {
		return err
	}
	fmt.Printf("Version:  %s\nRuntimeName:  %s\nRuntimeVersion:  %s\nRuntimeApiVersion:  %s\n",
		answer.Version, answer.RuntimeName, answer.RuntimeVersion, answer.RuntimeApiVersion)
	return nil
}
