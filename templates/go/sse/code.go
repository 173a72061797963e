package sse

import (
	"net/http"
	"strconv"
)

// Code is the outcome of a call, numbered as in google/rpc/code.proto.
type Code int

// The codes of google/rpc/code.proto.
const (
	OK                 Code = 0
	Canceled           Code = 1
	Unknown            Code = 2
	InvalidArgument    Code = 3
	DeadlineExceeded   Code = 4
	NotFound           Code = 5
	AlreadyExists      Code = 6
	PermissionDenied   Code = 7
	ResourceExhausted  Code = 8
	FailedPrecondition Code = 9
	Aborted            Code = 10
	OutOfRange         Code = 11
	Unimplemented      Code = 12
	Internal           Code = 13
	Unavailable        Code = 14
	DataLoss           Code = 15
	Unauthenticated    Code = 16
)

// codes has the name of each code, and the HTTP status that google/rpc/code.proto maps it to.
var codes = [...]struct {
	name   string
	status int
}{
	OK:                 {"OK", http.StatusOK},
	Canceled:           {"CANCELLED", 499},
	Unknown:            {"UNKNOWN", http.StatusInternalServerError},
	InvalidArgument:    {"INVALID_ARGUMENT", http.StatusBadRequest},
	DeadlineExceeded:   {"DEADLINE_EXCEEDED", http.StatusGatewayTimeout},
	NotFound:           {"NOT_FOUND", http.StatusNotFound},
	AlreadyExists:      {"ALREADY_EXISTS", http.StatusConflict},
	PermissionDenied:   {"PERMISSION_DENIED", http.StatusForbidden},
	ResourceExhausted:  {"RESOURCE_EXHAUSTED", http.StatusTooManyRequests},
	FailedPrecondition: {"FAILED_PRECONDITION", http.StatusBadRequest},
	Aborted:            {"ABORTED", http.StatusConflict},
	OutOfRange:         {"OUT_OF_RANGE", http.StatusBadRequest},
	Unimplemented:      {"UNIMPLEMENTED", http.StatusNotImplemented},
	Internal:           {"INTERNAL", http.StatusInternalServerError},
	Unavailable:        {"UNAVAILABLE", http.StatusServiceUnavailable},
	DataLoss:           {"DATA_LOSS", http.StatusInternalServerError},
	Unauthenticated:    {"UNAUTHENTICATED", http.StatusUnauthorized},
}

// String returns the name in google/rpc/code.proto: NOT_FOUND.
func (c Code) String() string {
	if c < 0 || int(c) >= len(codes) {
		return "Code(" + strconv.Itoa(int(c)) + ")"
	}
	return codes[c].name
}

// HTTPStatus returns the HTTP status that google/rpc/code.proto maps the code to.
func (c Code) HTTPStatus() int {
	if c < 0 || int(c) >= len(codes) {
		return http.StatusInternalServerError
	}
	return codes[c].status
}

// codeOfName returns the code with a name in google/rpc/code.proto; OK for another text.
func codeOfName(name string) Code {
	for code, known := range codes {
		if known.name == name {
			return Code(code)
		}
	}
	return OK
}

// codeOfStatus returns the code of an HTTP error whose body has none.
func codeOfStatus(status int) Code {
	// Statuses for which another code fits better than the first one with that status, and
	// statuses of proxies.
	switch status {
	case http.StatusRequestTimeout:
		return DeadlineExceeded
	case http.StatusConflict:
		return Aborted
	case http.StatusGone:
		return OutOfRange // the events after the cursor are gone
	case http.StatusBadGateway:
		return Unavailable
	}
	for code, known := range codes {
		if known.status == status && code > 0 {
			return Code(code)
		}
	}
	if status >= 400 && status < 500 {
		return FailedPrecondition
	}
	return Unknown
}
