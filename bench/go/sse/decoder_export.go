//go:build bench

// The build adds this file to the package sse (go build -overlay), so that its decoder is measured
// without a connection.

package sse

import "io"

// ReadEvents calls a function with the events of a body.
func ReadEvents(body io.Reader, each func(RawEvent)) error {
	d := newSSEDecoder(body, 16<<20, "")
	for {
		found, err := d.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if found.kind == tokenEvent {
			each(found.event)
		}
	}
}
