package main

import (
	"math"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// deadline is what a call counts that gets an error instead of a verdict.
const deadline = 10 * time.Second

// loop makes the calls of an order on one thread, which sleeps in ppoll(2) until an answer or the
// time of the next call comes. Go's own timers are only good to a millisecond.
type loop struct {
	order
	connections []*connection
	polled      []unix.PollFd
	began       time.Time
	// sent and done are numbers of calls.
	sent, done  int
	unavailable int
	times, late []time.Duration
	// reportedFrom is when the calls began that are reported.
	reportedFrom time.Time
}

func run(todo order) (outcome, error) {
	runtime.LockOSThread()
	// The default lets the kernel wake this thread 50 µs late.
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return outcome{}, err
	}
	l := &loop{order: todo}
	messages := framed(todo.Tokens)
	for range todo.Connections {
		c, err := open(todo, messages, l.answered)
		if err != nil {
			return outcome{}, err
		}
		defer c.close()
		l.connections = append(l.connections, c)
		l.polled = append(l.polled, unix.PollFd{Fd: int32(c.socket)})
	}
	l.began = time.Now()
	l.reportedFrom = l.began
	for l.done < l.Calls {
		if err := l.turn(); err != nil {
			return outcome{}, err
		}
	}
	result := summary(l.times, l.late, time.Since(l.reportedFrom))
	result.Unavailable = l.unavailable
	result.AnswerBytes = [2]int{math.MaxInt, 0}
	for _, c := range l.connections {
		result.AnswerBytes[0] = min(result.AnswerBytes[0], c.shortest)
		result.AnswerBytes[1] = max(result.AnswerBytes[1], c.longest)
	}
	return result, nil
}

// turn sends what is due, waits, and reads the answers.
func (l *loop) turn() error {
	if l.PerSecond > 0 {
		l.sendDue(time.Now())
	} else {
		l.fill()
	}
	for n, c := range l.connections {
		if err := c.flush(); err != nil {
			return err
		}
		l.polled[n].Events = unix.POLLIN
		if len(c.out) > 0 {
			l.polled[n].Events |= unix.POLLOUT
		}
	}
	wait := unix.NsecToTimespec(int64(l.untilNext()))
	if _, err := unix.Ppoll(l.polled, &wait, nil); err != nil && err != unix.EINTR {
		return err
	}
	for n, c := range l.connections {
		if l.polled[n].Revents&(unix.POLLIN|unix.POLLHUP|unix.POLLERR) != 0 {
			if err := c.read(); err != nil {
				return err
			}
		}
	}
	return nil
}

// dueAt is the time of the nth call.
func (l *loop) dueAt(n int) time.Time {
	return l.began.Add(time.Duration(float64(n) / l.PerSecond * 1e9))
}

// untilNext is how long to wait at most.
func (l *loop) untilNext() time.Duration {
	if l.PerSecond == 0 || l.sent >= l.Calls {
		return time.Second
	}
	return max(0, time.Until(l.dueAt(l.sent)))
}

func (l *loop) sendDue(now time.Time) {
	for ; l.sent < l.Calls; l.sent++ {
		due := l.dueAt(l.sent)
		if due.After(now) {
			break
		}
		l.late = append(l.late, now.Sub(due))
		l.connections[l.sent%l.Connections].call(l.sent, due)
	}
	for _, c := range l.connections {
		c.sendWaiting()
	}
}

// fill keeps every connection as busy as the order says.
func (l *loop) fill() {
	for _, c := range l.connections {
		for l.sent < l.Calls && len(c.open)+len(c.waiting) < l.Streams {
			c.call(l.sent, time.Now())
			l.sent++
		}
		c.sendWaiting()
	}
}

// answered counts the end of the nth call. Without a verdict it took as long as a caller waits.
func (l *loop) answered(n int, since time.Time, hasVerdict bool) {
	l.done++
	if n < l.WarmUp {
		l.reportedFrom = time.Now()
		return
	}
	took := time.Since(since)
	if !hasVerdict {
		l.unavailable++
		took = max(took, deadline)
	}
	l.times = append(l.times, took)
}
