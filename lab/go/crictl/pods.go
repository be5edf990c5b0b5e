package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func listPods(ctx context.Context, c *client, given options) ([]*cri.PodSandbox, error) {
	answer, err := c.runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if err != nil {
		return nil, err
	}
	label, value, _ := strings.Cut(given.get("label", ""), "=")
	var found []*cri.PodSandbox
	for _, pod := range answer.Items {
		state := strings.ToLower(strings.TrimPrefix(pod.State.String(), "SANDBOX_"))
		if strings.Contains(pod.Metadata.Name, given.get("name", "")) &&
			strings.Contains(pod.Metadata.Namespace, given.get("namespace", "")) &&
			strings.HasSuffix(state, strings.ToLower(given.get("state", ""))) &&
			(label == "" || pod.Labels[label] == value) {
			found = append(found, pod)
		}
	}
	return found, nil
}

func pods(ctx context.Context, c *client, given options) error {
	found, err := listPods(ctx, c, given)
	if err != nil {
		return err
	}
	if given.has("output") {
		return printAs(given, map[string]any{"items": plainList(found)})
	}
	rows := [][]string{{"POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT"}}
	for _, pod := range found {
		if given.has("quiet") {
			fmt.Println(pod.Id)
		}
		state := map[bool]string{true: "Ready", false: "NotReady"}[pod.State == cri.PodSandboxState_SANDBOX_READY]
		rows = append(rows, []string{short(pod.Id), age(pod.CreatedAt), state, pod.Metadata.Name, pod.Metadata.Namespace,
			fmt.Sprint(pod.Metadata.Attempt)})
	}
	if given.has("quiet") {
		return nil
	}
	return printTable(rows)
}

// podIDs are the pods meant by the command line: all of them, or those whose ids begin with its words.
func podIDs(ctx context.Context, c *client, given options) ([]string, error) {
	found, err := listPods(ctx, c, options{})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, pod := range found {
		ids = append(ids, pod.Id)
	}
	return matching("pod", ids, given)
}

// matching picks from all ids those that the words are beginnings of; each word must mean exactly one.
func matching(kind string, ids []string, given options) ([]string, error) {
	if given.has("all") {
		return ids, nil
	}
	if len(given.words) == 0 {
		return nil, fmt.Errorf("give the id of a %s", kind)
	}
	var chosen []string
	for _, word := range given.words {
		count := 0
		for _, id := range ids {
			if strings.HasPrefix(id, word) {
				chosen = append(chosen, id)
				count++
			}
		}
		if count != 1 {
			return nil, fmt.Errorf("%d %ss have an id that begins with %q", count, kind, word)
		}
	}
	return chosen, nil
}

// forEach does all, and reports all that failed.
func forEach(ids []string, done string, action func(id string) error) error {
	var failed []error
	for _, id := range ids {
		if err := action(id); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", short(id), err))
			continue
		}
		fmt.Printf("%s %s\n", done, id)
	}
	return errors.Join(failed...)
}

func stopPods(ctx context.Context, c *client, given options) error {
	ids, err := podIDs(ctx, c, given)
	if err != nil {
		return err
	}
	return forEach(ids, "Stopped sandbox", func(id string) error {
		_, err := c.runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: id})
		return err
	})
}

func removePods(ctx context.Context, c *client, given options) error {
	ids, err := podIDs(ctx, c, given)
	if err != nil {
		return err
	}
	return forEach(ids, "Removed sandbox", func(id string) error {
		if given.has("force") {
			if _, err := c.runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: id}); err != nil {
				return err
			}
		}
		_, err := c.runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: id})
		return err
	})
}

func inspectPod(ctx context.Context, c *client, given options) error {
	ids, err := podIDs(ctx, c, given)
	if err != nil {
		return err
	}
	for _, id := range ids {
		answer, err := c.runtime.PodSandboxStatus(ctx, &cri.PodSandboxStatusRequest{PodSandboxId: id, Verbose: true})
		if err != nil {
			return err
		}
		if err := printAs(given, spread(answer.Status, answer.Info)); err != nil {
			return err
		}
	}
	return nil
}
