package page

import (
	"html/template"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// read finds the attributes of that name in a page, as a browser reads them.
func read(page, name string) (values []string) {
	for z := html.NewTokenizer(strings.NewReader(page)); z.Next() != html.ErrorToken; {
		for _, a := range z.Token().Attr {
			if a.Key == name {
				values = append(values, a.Val)
			}
		}
	}
	return values
}

// A browser reads every address byte for byte, whichever of the bytes of an address it holds.
func TestAddressesAreByteForByte(t *testing.T) {
	t.Parallel()
	addresses := []string{
		"?", "?from=12:30&x=&amp;", "?&copy;&lt=&#39;&#x22;", "?q=%zz%", "./a:b", "./", "", "?javascript:alert(1)",
	}
	for c := byte('!'); c < 0x7f; c++ {
		addresses = append(addresses, "?a"+string(c)+"b:/"+string(c))
	}
	for _, address := range addresses {
		u := template.URL(address)
		v := View{State: Enter, VerifyURL: u, SendURL: u, HomeURL: u, StatusURL: u, ResendIn: 1}
		page := write(t, New(allWords(t)), v).Body.String()
		for name, want := range map[string]int{"action": 2, "data-home": 1, "data-status": 1} {
			got := read(page, name)
			if len(got) != want {
				t.Fatalf("%d attributes %s", len(got), name)
			}
			for _, value := range got {
				if value != address {
					t.Errorf("%s is %q, want %q", name, value, address)
				}
			}
		}
		page = write(t, New(allWords(t)), View{State: Outage, HomeURL: u}).Body.String()
		if got := read(page, "href"); len(got) != 1 || got[0] != address {
			t.Errorf("href is %q, want %q", got, address)
		}
	}
}

// No attribute holds an address that leaves the site, or breaks out of its quotes.
func FuzzAttribute(f *testing.F) {
	for _, address := range []string{
		"?a=b", "./x", "//evil.example", "javascript:alert(1)", `?"><script>`, "?' onclick='", "/x",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		tag := "<a " + string(addressAttribute("href", template.URL(address))) + ">"
		z := html.NewTokenizer(strings.NewReader(tag))
		z.Next()
		token := z.Token()
		if len(token.Attr) != 1 || token.Attr[0].Key != "href" {
			t.Fatalf("%q became %+v", address, token)
		}
		if got := token.Attr[0].Val; got != "" && got[0] != '?' && !strings.HasPrefix(got, "./") {
			t.Errorf("%q leads to %q", address, got)
		}
		if z.Next() != html.ErrorToken {
			t.Errorf("%q goes on behind the tag: %q", address, z.Token())
		}
	})
}

// A template of an operator that writes addresses as html/template would works for every address.
func TestAddressesInATemplateOfOnesOwn(t *testing.T) {
	t.Parallel()
	own, err := parse("own",
		`<form action="{{.VerifyURL}}"></form><form {{action .SendURL}}></form><a {{href .HomeURL}}>`, allWords(t))
	if err != nil {
		t.Fatal(err)
	}
	const address = "?from=12:30&u=http://x/;y"
	v := View{VerifyURL: address, SendURL: address, HomeURL: "?q=%zz"}
	page := write(t, &Page{tongues: own, Rand: zeros{}}, v).Body.String()
	if got := read(page, "action"); len(got) != 2 || got[0] != address || got[1] != address {
		t.Errorf("actions %q", got)
	}
	if got := read(page, "href"); len(got) != 1 || got[0] != "?q=%zz" {
		t.Errorf("links %q", got)
	}
}
