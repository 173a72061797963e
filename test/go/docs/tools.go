//go:build never

package docs

import (
	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	_ "buf.build/go/protovalidate"
	_ "github.com/go-chi/chi/v5"
	_ "github.com/labstack/echo/v4"
	_ "github.com/redis/go-redis/v9"
	_ "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	_ "google.golang.org/protobuf/proto"
)
