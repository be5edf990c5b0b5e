package main

import (
	"fmt"
	"strings"
)

// longer names of the flags that also have a letter
var letters = map[string]string{
	"r": "runtime-endpoint", "i": "image-endpoint", "c": "config", "D": "debug", "o": "output", "q": "quiet", "a": "all",
	"f": "force", "p": "previous", "s": "state", "t": "tty",
}

var takesValue = map[string]bool{
	"runtime-endpoint": true, "image-endpoint": true, "config": true, "output": true, "template": true, "timeout": true,
	"name": true, "namespace": true, "pod": true, "state": true, "label": true, "tail": true, "image": true, "since": true,
}

// options are the command line, taken apart: flags may stand anywhere, and letters together (-aq).
type options struct {
	flags map[string]string
	words []string
}

func (o options) has(name string) bool { return o.flags[name] != "" && o.flags[name] != "false" }

func (o options) get(name, otherwise string) string {
	if value, isThere := o.flags[name]; isThere {
		return value
	}
	return otherwise
}

// parse reads flags up to the command's words. What follows the container of `exec` belongs to the command run there.
func parse(arguments []string) (options, error) {
	given := options{flags: map[string]string{}}
	for at := 0; at < len(arguments); at++ {
		word := arguments[at]
		if len(given.words) == 2 && given.words[0] == "exec" {
			given.words = append(given.words, arguments[at:]...)
			break
		}
		if !strings.HasPrefix(word, "-") || word == "-" {
			given.words = append(given.words, word)
			continue
		}
		names, value, hasValue := split(word, given.words)
		for _, name := range names {
			if takesValue[name] && !hasValue {
				at++
				if at == len(arguments) {
					return given, fmt.Errorf("flag %s needs a value", word)
				}
				value = arguments[at]
			} else if !hasValue {
				value = "true"
			}
			given.flags[name] = value
		}
	}
	return given, nil
}

// split gives the long names that one word of the command line stands for. Some letters depend on the command.
func split(word string, before []string) (names []string, value string, hasValue bool) {
	name, value, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
	if strings.HasPrefix(word, "--") || len(name) > 1 && takesValue[name] {
		return []string{name}, value, hasValue
	}
	for _, letter := range strings.Split(name, "") {
		long := letters[letter]
		switch {
		case len(before) > 0 && before[0] == "exec" && letter == "i":
			long = "interactive"
		case len(before) > 0 && before[0] == "logs" && letter == "f":
			long = "follow"
		case len(before) > 0 && before[0] == "stop" && letter == "t":
			long = "timeout"
		case len(before) > 0 && before[0] == "ps" && letter == "p":
			long = "pod"
		case long == "":
			long = letter
		}
		names = append(names, long)
	}
	return names, value, hasValue
}
