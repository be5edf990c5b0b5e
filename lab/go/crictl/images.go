package main

import (
	"context"
	"fmt"
	"strings"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func listImages(ctx context.Context, c *client) ([]*cri.Image, error) {
	answer, err := c.images.ListImages(ctx, &cri.ListImagesRequest{})
	if err != nil {
		return nil, err
	}
	return answer.Images, nil
}

func images(ctx context.Context, c *client, given options) error {
	all, err := listImages(ctx, c)
	if err != nil {
		return err
	}
	found := []*cri.Image{}
	for _, image := range all {
		if len(given.words) == 0 || strings.Contains(strings.Join(image.RepoTags, " "), given.words[0]) {
			found = append(found, image)
		}
	}
	if given.has("output") {
		return printAs(given, map[string]any{"images": plainList(found)})
	}
	rows := [][]string{{"IMAGE", "TAG", "IMAGE ID", "SIZE"}}
	for _, image := range found {
		if given.has("quiet") {
			fmt.Println(image.Id)
		}
		for _, name := range append(image.RepoTags, untagged(image)...) {
			at := strings.LastIndex(name, ":")
			rows = append(rows, []string{name[:at], name[at+1:], short(image.Id), fmt.Sprintf("%.1fMB", float64(image.Size_)/1e6)})
		}
	}
	if given.has("quiet") {
		return nil
	}
	return printTable(rows)
}

// untagged stands in the table for an image that has no tag.
func untagged(image *cri.Image) []string {
	if len(image.RepoTags) > 0 {
		return nil
	}
	if len(image.RepoDigests) > 0 {
		name, _, _ := strings.Cut(image.RepoDigests[0], "@")
		return []string{name + ":<none>"}
	}
	return []string{"<none>:<none>"}
}

func pull(ctx context.Context, c *client, given options) error {
	if len(given.words) != 1 {
		return fmt.Errorf("give one image")
	}
	answer, err := c.images.PullImage(ctx, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: given.words[0]}})
	if err != nil {
		return fmt.Errorf("pulling image: %w", err)
	}
	fmt.Println("Image is up to date for " + answer.ImageRef)
	return nil
}

func inspectImage(ctx context.Context, c *client, given options) error {
	for _, name := range given.words {
		answer, err := c.images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: name}, Verbose: !given.has("quiet")})
		if err != nil {
			return err
		}
		if answer.Image == nil {
			return fmt.Errorf("no such image %q present", name)
		}
		if given.has("quiet") {
			continue
		}
		if err := printAs(given, spread(answer.Image, answer.Info)); err != nil {
			return err
		}
	}
	return nil
}

func removeImages(ctx context.Context, c *client, given options) error {
	names := given.words
	if given.has("all") || given.has("prune") {
		unused, err := removable(ctx, c, given.has("prune"))
		if err != nil {
			return err
		}
		names = append(names, unused...)
	}
	return forEach(names, "Deleted:", func(name string) error {
		_, err := c.images.RemoveImage(ctx, &cri.RemoveImageRequest{Image: &cri.ImageSpec{Image: name}})
		return err
	})
}

// removable are all images, or only those that no container uses.
func removable(ctx context.Context, c *client, isPrune bool) ([]string, error) {
	all, err := listImages(ctx, c)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	if isPrune {
		running, err := listContainers(ctx, c)
		if err != nil {
			return nil, err
		}
		for _, container := range running {
			used[container.ImageRef] = true
			used[container.Image.Image] = true
		}
	}
	var names []string
	for _, image := range all {
		if !used[image.Id] && !image.Pinned {
			names = append(names, image.Id)
		}
	}
	return names, nil
}
