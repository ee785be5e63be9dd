package page

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"regexp"
	"strings"

	"github.com/caddy-sms-2fa/gateway/page/words"
)

// script is a function of JavaScript, which takes the words that it says: {language, digits, texts}.
//
//go:embed script.js
var script string

// saying finds the keys of the texts that the script says.
var saying = regexp.MustCompile(`\bsay\("([a-z-]+)"`)

// scriptIn is the script with its words in one language.
func scriptIn(l *words.Language) template.JS {
	texts := make(map[string]map[string]string)
	for _, found := range saying.FindAllStringSubmatch(script, -1) {
		if text, ok := l.Text(found[1]); ok {
			texts[found[1]] = text.Forms()
		}
	}
	digits, _ := l.Text("digits")
	given, err := json.Marshal(map[string]any{"language": l.Tag.String(), "digits": digits.String(), "texts": texts})
	if err != nil {
		panic(err) // strings are JSON
	}
	return template.JS(strings.TrimSpace(script) + "(" + string(given) + ");\n")
}
