package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func listContainers(ctx context.Context, c *client) ([]*cri.Container, error) {
	answer, err := c.runtime.ListContainers(ctx, &cri.ListContainersRequest{})
	if err != nil {
		return nil, err
	}
	return answer.Containers, nil
}

func stateOf(container *cri.Container) string {
	word := strings.ToLower(strings.TrimPrefix(container.State.String(), "CONTAINER_"))
	return strings.ToUpper(word[:1]) + word[1:]
}

func containers(ctx context.Context, c *client, given options) error {
	all, err := listContainers(ctx, c)
	if err != nil {
		return err
	}
	state := given.get("state", "running")
	if given.has("all") && !given.has("state") {
		state = ""
	}
	found := []*cri.Container{}
	for _, container := range all {
		if strings.Contains(container.Metadata.Name, given.get("name", "")) &&
			strings.HasPrefix(container.PodSandboxId, given.get("pod", "")) &&
			(state == "" || strings.EqualFold(stateOf(container), state)) {
			found = append(found, container)
		}
	}
	if given.has("output") {
		return printAs(given, map[string]any{"containers": plainList(found)})
	}
	rows := [][]string{{"CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD"}}
	for _, container := range found {
		if given.has("quiet") {
			fmt.Println(container.Id)
		}
		rows = append(rows, []string{short(container.Id), short(container.Image.Image), age(container.CreatedAt), stateOf(container),
			container.Metadata.Name, fmt.Sprint(container.Metadata.Attempt), short(container.PodSandboxId),
			container.Labels["io.kubernetes.pod.name"]})
	}
	if given.has("quiet") {
		return nil
	}
	return printTable(rows)
}

func containerIDs(ctx context.Context, c *client, given options) ([]string, error) {
	all, err := listContainers(ctx, c)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, container := range all {
		ids = append(ids, container.Id)
	}
	return matching("container", ids, given)
}

func inspectContainer(ctx context.Context, c *client, given options) error {
	ids, err := containerIDs(ctx, c, given)
	if err != nil {
		return err
	}
	for _, id := range ids {
		answer, err := c.runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id, Verbose: true})
		if err != nil {
			return err
		}
		if err := printAs(given, spread(answer.Status, answer.Info)); err != nil {
			return err
		}
	}
	return nil
}

func stopContainers(ctx context.Context, c *client, given options) error {
	ids, err := containerIDs(ctx, c, given)
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(given.get("timeout", "10"), 10, 64)
	if err != nil {
		return err
	}
	return forEach(ids, "Stopped", func(id string) error {
		_, err := c.runtime.StopContainer(ctx, &cri.StopContainerRequest{ContainerId: id, Timeout: seconds})
		return err
	})
}

func removeContainers(ctx context.Context, c *client, given options) error {
	ids, err := containerIDs(ctx, c, given)
	if err != nil {
		return err
	}
	return forEach(ids, "Removed", func(id string) error {
		if given.has("force") {
			if _, err := c.runtime.StopContainer(ctx, &cri.StopContainerRequest{ContainerId: id}); err != nil {
				return err
			}
		}
		_, err := c.runtime.RemoveContainer(ctx, &cri.RemoveContainerRequest{ContainerId: id})
		return err
	})
}

// logs reads the file that the runtime writes: TIME STREAM TAG TEXT, where tag P is a line that goes on.
func logs(ctx context.Context, c *client, given options) error {
	ids, err := containerIDs(ctx, c, given)
	if err != nil {
		return err
	}
	answer, err := c.runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: ids[0]})
	if err != nil {
		return err
	}
	file, err := os.Open(answer.Status.LogPath)
	if err != nil {
		return err
	}
	defer file.Close()
	tail, err := strconv.Atoi(given.get("tail", "-1"))
	if err != nil {
		return err
	}
	return copyLines(bufio.NewReader(file), tail, given.has("follow"))
}

func copyLines(lines *bufio.Reader, tail int, isFollowing bool) error {
	var kept []string
	for {
		line, err := lines.ReadString('\n')
		if err == nil && tail < 0 {
			printLine(line)
		} else if err == nil {
			kept = append(kept, line)
		}
		if err == io.EOF && tail >= 0 {
			for _, last := range kept[max(0, len(kept)-tail):] {
				printLine(last)
			}
			tail = -1
		}
		if err == io.EOF && isFollowing {
			time.Sleep(200 * time.Millisecond)
		} else if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func printLine(line string) {
	fields := strings.SplitN(line, " ", 4)
	if len(fields) < 4 {
		return
	}
	out := os.Stdout
	if fields[1] == "stderr" {
		out = os.Stderr
	}
	text := fields[3]
	if fields[2] == "P" {
		text = strings.TrimSuffix(text, "\n")
	}
	fmt.Fprint(out, text)
}

// execute runs a command in a container by the runtime's streaming server; its exit code becomes ours.
func execute(ctx context.Context, c *client, given options) error {
	if len(given.words) < 2 {
		return fmt.Errorf("give a container and a command")
	}
	ids, err := containerIDs(ctx, c, options{words: given.words[:1]})
	if err != nil {
		return err
	}
	isInteractive, hasTTY := given.has("interactive"), given.has("tty")
	answer, err := c.runtime.Exec(ctx, &cri.ExecRequest{ContainerId: ids[0], Cmd: given.words[1:], Tty: hasTTY,
		Stdin: isInteractive, Stdout: true, Stderr: !hasTTY})
	if err != nil {
		return err
	}
	address, err := url.Parse(answer.Url)
	if err != nil {
		return err
	}
	executor, err := remotecommand.NewSPDYExecutor(&rest.Config{TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, "POST", address)
	if err != nil {
		return err
	}
	streams := remotecommand.StreamOptions{Stdout: os.Stdout, Stderr: os.Stderr, Tty: hasTTY}
	if isInteractive {
		streams.Stdin = os.Stdin
	}
	err = executor.StreamWithContext(ctx, streams)
	if coded, isCoded := err.(interface{ ExitStatus() int }); isCoded {
		os.Exit(coded.ExitStatus())
	}
	return err
}
