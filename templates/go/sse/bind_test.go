package sse

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	// The messages that testdata/params.txtpb uses.
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"
)

// loadMessages returns the message types of testdata/params.txtpb: Params and Document.
func loadMessages(t testing.TB) [2]protoreflect.MessageType {
	t.Helper()
	text, err := os.ReadFile("testdata/params.txtpb")
	if err != nil {
		t.Fatal(err)
	}
	file := &descriptorpb.FileDescriptorProto{}
	if err := prototext.Unmarshal(text, file); err != nil {
		t.Fatal(err)
	}
	descriptor, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return [2]protoreflect.MessageType{
		dynamicpb.NewMessageType(descriptor.Messages().Get(0)),
		dynamicpb.NewMessageType(descriptor.Messages().Get(1)),
	}
}

// fromJSON makes a message from its ProtoJSON.
func fromJSON(t testing.TB, desc protoreflect.MessageType, text string) proto.Message {
	t.Helper()
	message := desc.New().Interface()
	if err := protojson.Unmarshal([]byte(text), message); err != nil {
		t.Fatal(err)
	}
	return message
}

func variables(names ...string) (all []Variable) {
	for _, name := range names {
		name, implicit, _ := strings.Cut(name, "=")
		all = append(all, Variable{Field: strings.Split(name, "."), Implicit: implicit})
	}
	return all
}

// nestedTable is the table of a query for a message that contains itself.
var nestedTable = map[string]QueryField{
	"mString": {Map: true}, "mInt32": {Map: true},
	"nested": {Message: "binding.Params"}, "cNested": {Message: "binding.Params"},
}

var paramsQuery = map[string]map[string]QueryField{"": nestedTable, "binding.Params": nestedTable}

// paramsMethods are those of Params. They have one binding each, so that a message travels by the one that a test chose.
var paramsMethods = []Method{
	{Bindings: []Binding{{Method: "GET", Path: "/query", Query: paramsQuery}}},
	{Bindings: []Binding{{Method: "GET", Path: "/named", Query: map[string]map[string]QueryField{
		"": {
			"fInt32": {Name: "page[size]", Required: true, Implicit: "0"}, "fString": {Name: "a=b&c+d %", Required: true},
			"fBool": {Name: "page", Required: true, Implicit: "false"}, "fBytes": {Name: "nested.fBytes"},
			"mString": {Name: "filter[by]", Map: true}, "mInt32": {Map: true},
			"nested": {Name: "n", Message: "binding.Params"}, "cNested": {Name: "n.n", Message: "binding.Params"},
		},
		"binding.Params": nestedTable,
	}}}},
	{Bindings: []Binding{{
		Method: "GET", Path: "/{fDouble}/{fFloat}/{fInt32}/x/{fInt64}/{fUint32}/{fUint64}/{fBool}/{fColor}/{fFixed64}:get",
		Variables: variables("fDouble=0", "fFloat=0", "fInt32=0", "fInt64=0", "fUint32=0", "fUint64=0", "fBool=false", "fColor=COLOR_UNSPECIFIED", "fFixed64=0"),
		Query:     paramsQuery,
	}}},
	{Bindings: []Binding{{
		Method: "GET", Path: "/text/{f_string}/{nested.f_string}/{f_bytes}",
		Variables: variables("fString", "nested.fString", "fBytes"),
		Query:     paramsQuery,
	}}},
	{Bindings: []Binding{{Method: "GET", Path: "/segments/{f_string=a/*}/x:one", Variables: variables("fString"), Query: paramsQuery}}},
	{Bindings: []Binding{{Method: "GET", Path: "/segments/{snake_case=**}/tail/{name2}", Variables: variables("snakeCase", "otherName"), Query: paramsQuery}}},
	{Bindings: []Binding{{Method: "GET", Path: "/segments/{c_string=%61/**/b%2Fc}", Variables: variables("cString"), Query: paramsQuery}}},
	{Bindings: []Binding{{Method: "POST", Path: "/body", Body: "*"}}},
	{Bindings: []Binding{{Method: "POST", Path: "/body/{f_string}/{nested.nested.f_int32}", Variables: variables("fString", "nested.nested.fInt32=0"), Body: "*"}}},
	{Bindings: []Binding{{Method: "PUT", Path: "/body/{nested.f_int32}", Variables: variables("nested.fInt32=0"), Body: "nested", Query: paramsQuery}}},
	{Bindings: []Binding{{Method: "PUT", Path: "/scalar", Body: "fString", Query: paramsQuery}}},
	{Bindings: []Binding{{Method: "PUT", Path: "/list", Body: "rTs", Query: paramsQuery}}},
}

// documentMethods are those of Document. The plugin would refuse the last one, whose query cannot
// have every field.
var documentMethods = []Method{
	{Bindings: []Binding{{Method: "POST", Path: "/body", Body: "*"}}},
	{Bindings: []Binding{{Method: "POST", Path: "/body/{params.f_string}/{params.nested.f_int32}", Variables: variables("params.fString", "params.nested.fInt32=0"), Body: "*"}}},
	{Bindings: []Binding{{Method: "GET", Path: "/query", Query: map[string]map[string]QueryField{"": {"params": {Message: "binding.Params"}}, "binding.Params": nestedTable}}}},
}

// exchange sends a message as a client does, and returns what a server reads.
func exchange(t *testing.T, method *Method, message proto.Message) (proto.Message, error) {
	t.Helper()
	bound, err := bindRequest(method, message, protojson.MarshalOptions{})
	if err != nil {
		t.Skip(err) // the binding cannot carry this message
	}
	sent, err := http.NewRequest(bound.binding.Method, "http://localhost"+bound.path, bytes.NewReader(bound.body))
	if err != nil {
		t.Fatal(err)
	}
	var wire bytes.Buffer
	if err := sent.Write(&wire); err != nil {
		t.Fatal(err)
	}
	request, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatalf("%q: %v", bound.path, err)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		t.Fatal(err)
	}
	binder, err := newBinder(bound.binding, message.ProtoReflect().Type())
	if err != nil {
		t.Fatal(err)
	}
	router := &router{}
	if err := router.add(route{bound.binding.Method, bound.binding.Path, &endpoint{binder: binder}}); err != nil {
		t.Fatal(err)
	}
	binder.rejectUnknown = true
	found, texts, _ := router.match(request.Method, requestPath(request))
	if found == nil {
		t.Fatalf("%q does not match %q", bound.path, bound.binding.Path)
	}
	got, err := binder.bind(texts, request.URL.RawQuery, body, bound.contentType)
	if err != nil {
		return nil, errors.Join(err, errors.New(bound.path))
	}
	return got, nil
}

// checkExchange checks that a server reads the message that a client sends.
func checkExchange(t *testing.T, method *Method, message proto.Message) {
	t.Helper()
	got, err := exchange(t, method, message)
	if err != nil {
		t.Fatalf("%v\nof %v", err, message)
	}
	if !proto.Equal(got, message) {
		t.Fatalf("got %v\nwant %v", got, message)
	}
}

// FuzzBinding sends messages, by each of the bindings.
func FuzzBinding(f *testing.F) {
	types := loadMessages(f)
	add := func(document bool, method int, text string) {
		desc := types[0]
		if document {
			desc = types[1]
		}
		message, err := proto.MarshalOptions{Deterministic: true}.Marshal(fromJSON(f, desc, text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document, uint8(method), message)
	}
	for i, text := range []string{
		`{"fDouble":-0.5,"fFloat":"NaN","fUint64":"18446744073709551615","fSfixed32":-2147483648,"fColor":"NEG","fBytes":"+/8="}`,
		`{"fInt32":1,"fString":"é & +","oString":"","oBool":false,"mString":{"a]b":"=","":"x"},"nested":{"cNested":{"rString":["",","]}}}`,
		`{"fDouble":1e300,"fColor":7,"cInt32":0,"rTs":["2026-01-31T09:30:00.5Z"],"rWstring":["a"],"wInt64":"0","wBytes":""}`,
		`{"fString":"a/b c","fBytes":"AA==","nested":{"fString":"..%2F","rDouble":["Infinity",1]},"mInt32":{"-1":true}}`,
		`{"fString":"a/b%2Fc"}`,
		`{"snakeCase":"x/y/tail/z","otherName":":one"}`,
		`{"cString":"a/b/c%2F/b%2Fc"}`,
		`{"mask":"fInt32,nested.fBool","dur":"-1.000000001s"}`,
		`{"fString":"x","nested":{"nested":{"fInt32":-7,"fBool":true}},"ts":"0001-01-01T00:00:00Z"}`,
		`{"nested":{"fInt32":5,"rColor":["RED",9]},"dur":"3s","wDouble":-0.0,"wString":"\u0000"}`,
		`{"fString":"\u2028\"","oInt32":3}`,
		`{"rTs":["1970-01-01T00:00:00Z"],"mask":""}`,
	} {
		add(false, i, text)
	}
	add(true, 0, `{"st":{"a":[null,1]},"val":null,"rNested":[{"cEmpty":{}},{}],"mNested":{"":{"fInt64":"-1"}}}`)
	add(true, 1, `{"params":{"fString":".","nested":{"fInt32":2}},"val":[{}]}`)
	f.Fuzz(func(t *testing.T, document bool, index uint8, encoded []byte) {
		desc, methods := types[0], paramsMethods
		if document {
			desc, methods = types[1], documentMethods[:2]
		}
		message := decodeMessage(t, desc, encoded)
		// What JSON cannot hold does not travel: unknown fields.
		text, err := protojson.Marshal(message)
		if err != nil {
			t.Skip("no JSON")
		}
		checkExchange(t, &methods[int(index)%len(methods)], fromJSON(t, desc, string(text)))
	})
}

func decodeMessage(t *testing.T, desc protoreflect.MessageType, encoded []byte) proto.Message {
	t.Helper()
	// protobuf-go 1.36 panics over an entry of a map whose key has the wire type of another type.
	defer func() {
		if recover() != nil {
			t.Skip("no message")
		}
	}()
	message := desc.New().Interface()
	if err := proto.Unmarshal(encoded, message); err != nil {
		t.Skip(err)
	}
	return message
}

func TestAQuery(t *testing.T) {
	params := loadMessages(t)[0]
	binder, err := newBinder(&paramsMethods[0].Bindings[0], params)
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"fBytes=_-8&rBytes=%2B/8=":             `{"fBytes":"/+8=","rBytes":["+/8="]}`,
		"fFloat=3.4028235e%2B38&wFloat=-1e-60": `{"fFloat":3.4028235e38,"wFloat":-0.0}`,
		"f_color=7&rColor=RED&rColor=-3":       `{"fColor":7,"rColor":["RED","NEG"]}`,
		"nested.m_string[x.y]=b&mInt32[-0]=1":  `{"nested":{"mString":{"x.y":"b"}},"mInt32":{"0":true}}`,
		"ts=2026-01-31T09:30:00%2B02:00":       `{"ts":"2026-01-31T07:30:00Z"}`,
		"cEmpty.x=1&other=1":                   `{}`,

		"fFloat=3.5e38":            `f_float: "3.5e38" is not a number of single precision`,
		"fBytes=_%2B":              `f_bytes: "_+" is not base64`,
		"fInt32=1&f_int32=1":       "f_int32: is given twice",
		"cString=a&cInt32=1":       `c_int32: is set beside "c_string" of the same oneof: leave one of them out`,
		"nested=1":                 "nested: is a message: write its fields as nested.field=value",
		"rTs=2026-02-30T00:00Z":    `r_ts: "2026-02-30T00:00Z" is not a time as in 2026-01-31T09:30:00Z`,
		"mString=1&mInt32[a]=true": `m_string: is a map: write its entries as m_string[key]=value; m_int32["a"]: the key is not an integer from -2147483648 to 2147483647`,
	} {
		got, err := binder.bind(nil, query, nil, "")
		switch {
		case err != nil:
			checkViolations(t, err)
			if err.Error() != want {
				t.Errorf("%s: %v\nwant %s", query, err, want)
			}
		case want[0] != '{':
			t.Errorf("%s: got %v\nwant %s", query, got, want)
		case !proto.Equal(got, fromJSON(t, params, want)):
			t.Errorf("%s: got %v\nwant %s", query, got, want)
		}
	}
}

// FuzzQuery reads queries of any text. What a server reads, a client can send; what it refuses, it
// explains.
func FuzzQuery(f *testing.F) {
	types := loadMessages(f)
	for _, query := range []string{
		"fDouble=1e5&fFloat=-Infinity&fInt32=-0&fUint64=18446744073709551616&fBool=1&fColor=RED&fBytes=_-8",
		"nested.nested.fString=a&nested.mString[x.y]=b&nested.mString[x.y]=c&m_int32[1]=true&m_int32[01]=true",
		"cString=a&cInt32=1&cNested.fBool=true&nested=x&nested.&.fBool=1&[=&]=&nested[fBool]=1",
		"fString=%zz&%ff=1&fString=%C0%80&=&&==&fString=a&fString=b",
		"ts=2026-01-31T09%3A30%3A00%2B02:00&dur=1.5s&mask=fBool,nested.fBool&r_ts=2026-02-30T00:00:00Z",
		"wDouble=NaN&wInt64.value=1&wInt64=2&wString.value.value=x&rWstring=a&rWstring.value=b&empty=1&empty.x=1",
		"page[size]=1&page=true&a%3Db%26c%2Bd%20%25=x&n.fString=a&n.n.fString=b&filter[by][k]=v&nested.fBytes=AA",
		"params.nested.fString=a&st=1&st.a=1&val=1&rNested=1&rNested[0].fBool=1&mNested[a]=1&params.params.fBool=1",
	} {
		f.Add(uint8(0), query, false)
		f.Add(uint8(1), query, true)
		f.Add(uint8(2), query, true)
	}
	f.Fuzz(func(t *testing.T, index uint8, query string, rejectUnknown bool) {
		desc, method := types[0], &paramsMethods[index%2]
		if index%3 == 2 {
			desc, method = types[1], &documentMethods[2]
		}
		binder, err := newBinder(&method.Bindings[0], desc)
		if err != nil {
			t.Fatal(err)
		}
		binder.rejectUnknown = rejectUnknown
		message, err := binder.bind(nil, query, nil, "")
		if err != nil {
			checkViolations(t, err)
			return
		}
		text, err := protojson.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		if again := fromJSON(t, desc, string(text)); !proto.Equal(again, message) {
			t.Fatalf("%q is read as %v, whose JSON is %v", query, message, again)
		}
		checkExchange(t, method, message)
	})
}

// checkViolations checks that an error of a request is a 400 that names a field, and what is wrong.
func checkViolations(t *testing.T, err error) {
	t.Helper()
	call := serverCall{}
	if e := call.known(err); e == nil || e.Code != InvalidArgument || len(e.RawDetails) != 1 {
		t.Fatalf("%v is %v for clients", err, e)
	}
	var bind *bindError
	if !errors.As(err, &bind) || len(bind.violations) == 0 || len(bind.violations) > enough {
		t.Fatalf("%v", err)
	}
	for _, each := range bind.violations {
		// A query that is not UTF-8 may have no name to report.
		isAboutEncoding := strings.Contains(each.Description, "percent-encoded UTF-8")
		if each.Description == "" || each.Field == "" && !isAboutEncoding {
			t.Fatalf("%+v", each)
		}
	}
}
