package sse

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Transport is what the methods of a client share. Generated clients hold one.
type Transport struct {
	baseURL string
	options options
	err     error
}

// NewTransport makes the transport of a client. baseURL is the URL before the paths of the methods,
// with or without a path and a trailing slash. A base URL that is not valid fails every call.
func NewTransport(baseURL string, opts ...ClientOption) *Transport {
	t := &Transport{
		baseURL: strings.TrimRight(baseURL, "/"),
		options: options{
			common:        common{unmarshal: protojson.UnmarshalOptions{DiscardUnknown: true}},
			doer:          http.DefaultClient,
			header:        http.Header{},
			maxEventBytes: 16 << 20,
		},
	}
	for _, opt := range opts {
		opt.applyToClient(&t.options)
	}
	base, err := url.Parse(baseURL)
	switch {
	case err != nil:
		t.err = &RequestError{fmt.Errorf("check the base URL: %w", err)}
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		t.err = &RequestError{fmt.Errorf("check the base URL: %q is not absolute: https://api.example.com", baseURL)}
	case base.RawQuery != "" || base.Fragment != "" || base.ForceQuery:
		t.err = &RequestError{fmt.Errorf("check the base URL: %q has a query or a fragment; set query parameters with sse.Query", baseURL)}
	}
	return t
}

// requestHeader returns the headers of the client and of the call. Those of the call win.
func (o *options) requestHeader(ctx context.Context) (http.Header, error) {
	header := http.Header{}
	if o.headers != nil {
		values, err := o.headers(ctx)
		if err != nil {
			return nil, err
		}
		header = values.Clone()
		if header == nil {
			header = http.Header{}
		}
	}
	for name, values := range o.header {
		header[name] = values
	}
	return header, nil
}

// bind makes the parts of an HTTP request of a message.
func (t *Transport) bind(o *options, call *Call) (*boundRequest, error) {
	if t.err != nil {
		return nil, t.err
	}
	if o.validate != nil {
		if err := o.validate(call.Message); err != nil {
			return nil, &RequestError{err}
		}
	}
	bound, err := bindRequest(call.Method, call.Message, protojson.MarshalOptions{Resolver: o.unmarshal.Resolver})
	if err != nil {
		return nil, &RequestError{err}
	}
	return bound, nil
}

// control matches what no header can hold (RFC 9110, section 5.5).
var control = regexp.MustCompile("[\x00-\x08\n-\x1f\x7f]")

// send sends a request, and returns a response of 2xx, its body unread.
func (t *Transport) send(ctx context.Context, o *options, call *Call, bound *boundRequest) (*http.Response, error) {
	target := t.baseURL + bound.path
	for _, parameter := range o.query {
		separator := "?"
		if strings.Contains(target, "?") {
			separator = "&"
		}
		target += separator + escape(parameter.name) + "=" + escape(parameter.value)
	}
	var body io.Reader
	if bound.body != nil {
		body = bytes.NewReader(bound.body)
		call.Header.Set("Content-Type", bound.contentType)
	}
	request, err := http.NewRequestWithContext(ctx, bound.binding.Method, target, body)
	if err != nil {
		return nil, &RequestError{err}
	}
	for name, values := range call.Header {
		for _, value := range values {
			if control.MatchString(value) {
				return nil, &RequestError{fmt.Errorf("the header %q holds a control character", name)}
			}
		}
	}
	request.Header = call.Header
	response, err := o.doer.Do(request)
	if err != nil {
		return nil, &NetworkError{err}
	}
	if call.Header.Get("Accept-Encoding") == "identity" {
		decompress(response)
	}
	call.ResponseHeader = &HeaderMap{header: response.Header}
	if o.onResponse != nil {
		o.onResponse(response)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		defer response.Body.Close()
		return nil, o.readFailure(readBeginning(response.Body, maxErrorRead), response, false)
	}
	return response, nil
}

// decompress reads a body that a proxy has compressed, although the request of a stream asks for identity. net/http
// does so only for requests without Accept-Encoding.
func decompress(response *http.Response) {
	if !strings.EqualFold(response.Header.Get("Content-Encoding"), "gzip") {
		return
	}
	response.Body = &gzipBody{ReadCloser: response.Body}
	response.Header.Del("Content-Encoding")
	response.Header.Del("Content-Length")
	response.ContentLength, response.Uncompressed = -1, true
}

// gzipBody reads the head of the compressed body when it is read itself, as that may not have arrived yet.
type gzipBody struct {
	io.ReadCloser
	reader *gzip.Reader
}

func (b *gzipBody) Read(p []byte) (n int, err error) {
	if b.reader == nil {
		if b.reader, err = gzip.NewReader(b.ReadCloser); err != nil {
			return 0, err
		}
	}
	return b.reader.Read(p)
}

// maxErrorRead is how much of the body of an error is read. A Status may be larger than what an
// Error keeps of it.
const maxErrorRead = 1 << 20

// readBeginning reads at most max bytes of a body for the report of another error: what arrived
// before the connection broke says more than the broken connection. It takes five seconds at most,
// since the head already reported the failure.
func readBeginning(body io.ReadCloser, max int64) []byte {
	timer := time.AfterFunc(5*time.Second, func() { body.Close() })
	defer timer.Stop()
	data, _ := io.ReadAll(io.LimitReader(body, max))
	return data
}

// readFailure reads what a server reports.
func (o *options) readFailure(body []byte, response *http.Response, inBody bool) *Error {
	e := readStatus(body, response.StatusCode, response.Header, o.unmarshal)
	e.InBody = inBody
	if o.readError == nil {
		return e
	}
	custom := o.readError(body, response)
	if custom == nil {
		return e
	}
	if custom.Code != OK {
		e.Code = custom.Code
	}
	if custom.Message != "" {
		e.Message = custom.Message
	}
	if custom.Details != nil {
		e.Details = custom.Details
	}
	return e
}

// readResponse reads the body of a unary response. An empty body, as in a 204, is a message without
// fields.
func (o *options) readResponse(response *http.Response, binding *Binding, body []byte, message proto.Message) error {
	contentType := response.Header.Get("Content-Type")
	data := bytes.TrimSpace(validUTF8(body))
	if binding.RawResponse {
		data = marshalJSON(map[string]any{
			"contentType": contentType,
			"data":        base64.StdEncoding.EncodeToString(body),
		})
	}
	var err error
	switch {
	case len(data) == 0:
	case binding.ResponseBody != "":
		err = o.mergeField(message.ProtoReflect(), binding.ResponseBody, data)
	default:
		err = o.unmarshal.Unmarshal(data, message)
	}
	if err == nil && o.validate != nil {
		err = o.validate(message)
	}
	if err == nil {
		return nil
	}
	var value any
	// Neither JSON nor declared as JSON: for example the page of a proxy or of a login.
	if unmarshalJSON(data, &value) != nil && !strings.Contains(strings.ToLower(contentType), "json") {
		return &ContentTypeError{
			Want: "application/json", Got: contentType, Status: response.StatusCode,
			Header: response.Header, Body: data[:min(len(data), 1024)],
		}
	}
	return &DecodeError{Data: data, Err: err}
}
