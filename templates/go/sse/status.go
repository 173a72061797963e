package sse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"
)

// maxErrorBody is how many bytes of the body of an error are kept.
const maxErrorBody = 64 << 10

// statusJSON is the JSON of a google.rpc.Status.
type statusJSON struct {
	Code    Code              `json:"code"`
	Message string            `json:"message"`
	Details []json.RawMessage `json:"details,omitempty"`
}

// readStatus reads an error from a body, also in the form of Google's HTTP APIs (AIP-193):
// {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", …}}. It never fails: for another body, the
// code follows from the HTTP status.
func readStatus(body []byte, status int, header http.Header, unmarshal protojson.UnmarshalOptions) *Error {
	e := &Error{
		Code:   codeOfStatus(status),
		Status: status,
		Header: header,
		Body:   bytes.Clone(body[:min(len(body), maxErrorBody)]),
	}
	fields := readFields(body)
	var google struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(fields["error"], &google) == nil && codeOfName(google.Status) != OK {
		fields = readFields(fields["error"])
		e.Code = codeOfName(google.Status)
	} else {
		var code Code
		// OK is no error, and a field that is malformed is left out.
		if json.Unmarshal(fields["code"], &code) == nil && code > OK && int(code) < len(codes) {
			e.Code = code
		}
	}
	_ = json.Unmarshal(fields["message"], &e.Message)
	var details []json.RawMessage
	_ = json.Unmarshal(fields["details"], &details)
	for _, raw := range details {
		if raw[0] != '{' {
			continue
		}
		e.RawDetails = append(e.RawDetails, raw)
		detail := new(anypb.Any)
		if unmarshal.Unmarshal(raw, detail) == nil {
			e.Details = append(e.Details, detail)
		}
	}
	return e
}

// marshalStatus returns the JSON of a google.rpc.Status. It leaves out details that have no JSON, such as those
// of a type that is not linked into the program, and returns an error that says why.
func marshalStatus(e *Error, options protojson.MarshalOptions) (text []byte, err error) {
	status := statusJSON{Code: e.Code, Message: string(validUTF8([]byte(e.Message)))}
	for _, detail := range e.Details {
		raw, failure := options.Marshal(detail)
		if failure != nil {
			err = errors.Join(err, fmt.Errorf("the detail %s of an error has no JSON: %w", detail.GetTypeUrl(), failure))
			continue
		}
		status.Details = append(status.Details, raw)
	}
	for _, raw := range e.RawDetails {
		if len(e.Details) == 0 && json.Valid(raw) {
			status.Details = append(status.Details, raw)
		} else if len(e.Details) == 0 {
			err = errors.Join(err, fmt.Errorf("the detail %s of an error is not JSON", quoted(string(raw))))
		}
	}
	return marshalJSON(status), err
}
