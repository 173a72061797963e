package sse

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// recover waits for the next attempt, or closes the stream.
func (c *streamCore) recover(err error) {
	placed := c.place(err)
	c.release()
	if c.isOver() {
		return
	}
	if errors.Is(err, errReconnect) {
		return
	}
	if !c.resumes || c.unidentified && !c.always || !isOfRuntime(err) {
		c.close(placed)
		return
	}
	next := Reconnection{Attempt: c.attempt + 1, LastEventID: c.position, Err: placed, Default: mayHelp(err)}
	c.setState(StateWaiting)
	ctx, cancel := c.part()
	defer cancel(nil)
	again := next.Default
	if c.policy.ShouldReconnect != nil {
		again = c.policy.ShouldReconnect(c.ctx, placed, next)
	}
	if !again || c.isClosed() { // ShouldReconnect may have closed it
		c.close(placed)
		return
	}
	delay, failure := c.failures.add(placed, c.policy, c.retry)
	if failure != nil {
		c.close(c.place(failure))
		return
	}
	next.Delay = delay
	if c.options.onReconnect != nil {
		c.options.onReconnect(next)
	}
	sleep(ctx.Done(), delay)
}

// isOfRuntime says whether an error is one of this package: others are of functions of the caller.
func isOfRuntime(err error) bool {
	var decode *DecodeError
	var contentType *ContentTypeError
	var request *RequestError
	var status *Error
	return errors.As(err, &decode) || errors.As(err, &contentType) || errors.As(err, &request) ||
		errors.As(err, &status) || isOfConnection(err) || errors.Is(err, ErrEventTooLarge)
}

// maxErrors is how many errors of a stream are kept: each holds up to 64 KiB of a body, and an
// outage may cause thousands.
const maxErrors = 10

// failures counts the failures of a stream since its last progress.
type failures struct {
	count int
	// events counts error events and events that cannot be read. They come again at the same
	// cursor every time, so heartbeats do not reset them.
	events int
	errs   []error
}

// progress is called for an event or a new cursor: it resets everything.
func (f *failures) progress() { *f = failures{} }

// heartbeat is called for a heartbeat: the connection works.
func (f *failures) heartbeat() {
	f.count = 0
	if f.events == 0 {
		f.errs = nil
	}
}

// add counts a failure, and returns the delay before the next attempt. If there is none, it returns
// the failure of the stream.
func (f *failures) add(err error, policy ReconnectPolicy, retry *time.Duration) (time.Duration, error) {
	f.count++
	if isOfEvent(err) {
		f.events++
	}
	count := max(f.count, f.events)
	f.errs = append(f.errs, err)
	if len(f.errs) > maxErrors {
		f.errs = append([]error(nil), f.errs[1:]...)
	}
	most := policy.MaxAttempts
	if most == 0 {
		most = 10
	}
	if count > most {
		return 0, &ReconnectError{Errs: f.errs, Failures: count}
	}
	delay, ok := policy.delay(err, count, retry)
	if !ok {
		return 0, err
	}
	return delay, nil
}

// isOfEvent says whether an error is about an event, and not about the connection.
func isOfEvent(err error) bool {
	var status *Error
	if errors.As(err, &status) {
		return status.InBody
	}
	var decode *DecodeError
	return errors.As(err, &decode) || errors.Is(err, ErrEventTooLarge)
}

// isOfConnection says whether the connection failed, was cut or fell silent.
func isOfConnection(err error) bool {
	var network *NetworkError
	var timeout *TimeoutError
	return errors.As(err, &network) || errors.As(err, &timeout) || errors.Is(err, ErrTruncated)
}

// mayHelp says whether another attempt may help: the connection failed, or the server cannot answer
// now. It does not help for another content type, an event that is not the message, 501, and 4xx
// except 408, 425 and 429.
func mayHelp(err error) bool {
	var status *Error
	if !errors.As(err, &status) {
		return isOfConnection(err)
	}
	code := status.Status
	if status.InBody {
		code = status.Code.HTTPStatus() // the status of the response is 200
	}
	if code >= 500 {
		return code != http.StatusNotImplemented
	}
	return code == 408 || code == 425 || code == 429
}

// delay returns the time to wait after the n-th failure in a row; false if Retry-After asks for
// more than MaxRetryAfter. There is always jitter, so that clients do not come back together. It
// shortens our own delay by up to half, and lengthens a delay of the server, in Retry-After or
// retry:, by up to half.
func (p RetryPolicy) delay(err error, n int, retry *time.Duration) (time.Duration, bool) {
	first, longest, longestAfter := p.InitialDelay, p.MaxDelay, p.MaxRetryAfter
	if first == 0 {
		first = time.Second
	}
	if longest == 0 {
		longest = 30 * time.Second
	}
	if longestAfter == 0 {
		longestAfter = 5 * time.Minute
	}
	var status *Error
	var after time.Duration
	if errors.As(err, &status) && !status.InBody {
		after, _ = RetryAfter(status.Header)
	}
	if after > longestAfter {
		return 0, false
	}
	jitter := rand.Float64() / 2
	factor := 1 - jitter
	if retry != nil {
		first, factor = *retry, 1+jitter
	}
	delay := longest
	if shifted := float64(first) * float64(int64(1)<<min(n-1, 16)); shifted < float64(longest) {
		delay = time.Duration(shifted)
	}
	delay = time.Duration(float64(delay) * factor)
	return max(delay, time.Duration(float64(after)*(1+jitter))), true
}

// RetryAfter returns the time that Retry-After asks to wait: a number of seconds or a date (RFC
// 9110, section 10.2.3). It returns false if the header is absent or malformed.
func RetryAfter(header http.Header) (time.Duration, bool) {
	value := header.Get("Retry-After")
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			seconds = 1 << 31 // too large for any limit
		}
		return time.Duration(seconds) * time.Second, true
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(time.Until(date), 0), true
}

// isTransient says whether a unary call that failed may succeed the next time.
func isTransient(err error) bool {
	var status *Error
	if errors.As(err, &status) {
		switch status.Status {
		case 408, 425, 429, 502, 503, 504:
			return true
		}
		return false
	}
	var network *NetworkError
	return errors.As(err, &network)
}

// sleep waits; false if done was closed before.
func sleep(done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-done:
		return false
	}
}
