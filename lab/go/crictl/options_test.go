package main

import (
	"reflect"
	"testing"
)

func TestParse(t *testing.T) {
	cases := []struct {
		line  []string
		flags map[string]string
		words []string
	}{
		// as kubeadm calls it
		{[]string{"-r", "S", "-i", "S", "pods", "-q"}, map[string]string{"runtime-endpoint": "S", "image-endpoint": "S", "quiet": "true"}, []string{"pods"}},
		{[]string{"-r", "S", "-D=false", "info", "-o", "go-template", "--template", "{{.x}}"},
			map[string]string{"runtime-endpoint": "S", "debug": "false", "output": "go-template", "template": "{{.x}}"}, []string{"info"}},
		{[]string{"rmp", "a", "b"}, map[string]string{}, []string{"rmp", "a", "b"}},
		// as people do
		{[]string{"ps", "-aq"}, map[string]string{"all": "true", "quiet": "true"}, []string{"ps"}},
		{[]string{"logs", "--tail=5", "-f", "id"}, map[string]string{"tail": "5", "follow": "true"}, []string{"logs", "id"}},
		{[]string{"exec", "-it", "id", "ls", "-la"}, map[string]string{"interactive": "true", "tty": "true"}, []string{"exec", "id", "ls", "-la"}},
		{[]string{"--version"}, map[string]string{"version": "true"}, nil},
	}
	for _, c := range cases {
		got, err := parse(c.line)
		if err != nil || !reflect.DeepEqual(got.flags, c.flags) || !reflect.DeepEqual(got.words, c.words) {
			t.Errorf("%q: got %v %q %v", c.line, got.flags, got.words, err)
		}
	}
	if _, err := parse([]string{"pods", "--name"}); err == nil {
		t.Error("a flag without its value is taken")
	}
}
