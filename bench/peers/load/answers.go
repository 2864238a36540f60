package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/net/http2"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
)

// updateAfter is how many bytes of DATA are received before the server may send as many more.
const updateAfter = 1 << 28

// read reads what has arrived.
func (c *connection) read() error {
	const atOnce = 64 << 10
	for {
		used := len(c.in)
		c.in = slices.Grow(c.in, atOnce)
		count, err := unix.Read(c.socket, c.in[used:used+atOnce])
		c.in = c.in[:used+max(0, count)]
		if err == unix.EAGAIN {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if count == 0 {
			return errors.New("the server closed the connection")
		}
		if err := c.frames(); err != nil {
			return err
		}
		if count < atOnce {
			return nil
		}
	}
}

// frames handles all frames that are complete.
func (c *connection) frames() error {
	rest := c.in
	for len(rest) >= 9 {
		size := int(rest[0])<<16 | int(rest[1])<<8 | int(rest[2])
		if len(rest) < 9+size {
			break
		}
		kind, flags := http2.FrameType(rest[3]), http2.Flags(rest[4])
		stream := binary.BigEndian.Uint32(rest[5:9]) & windowMax
		if err := c.received(kind, flags, stream, rest[9:9+size]); err != nil {
			return err
		}
		rest = rest[9+size:]
	}
	c.in = c.in[:copy(c.in, rest)]
	return nil
}

func (c *connection) received(kind http2.FrameType, flags http2.Flags, stream uint32, payload []byte) error {
	switch kind {
	case http2.FrameHeaders:
		return c.headers(flags, stream, payload)
	case http2.FrameData:
		return c.data(flags, stream, payload)
	case http2.FrameSettings:
		if !flags.Has(http2.FlagSettingsAck) {
			c.settings(payload)
			c.frame(http2.FrameSettings, http2.FlagSettingsAck, 0, nil)
		}
	case http2.FramePing:
		if !flags.Has(http2.FlagPingAck) {
			c.frame(http2.FramePing, http2.FlagPingAck, 0, payload)
		}
	case http2.FrameWindowUpdate:
		if stream == 0 {
			c.window += int64(binary.BigEndian.Uint32(payload))
		}
	case http2.FrameRSTStream:
		return c.end(stream, false)
	case http2.FrameGoAway:
		return fmt.Errorf("received GOAWAY, error code %v", http2.ErrCode(binary.BigEndian.Uint32(payload[4:])))
	case http2.FrameContinuation:
		return errors.New("received a header block in pieces")
	}
	return nil
}

func (c *connection) settings(payload []byte) {
	for ; len(payload) >= 6; payload = payload[6:] {
		value := binary.BigEndian.Uint32(payload[2:])
		switch http2.SettingID(binary.BigEndian.Uint16(payload)) {
		case http2.SettingMaxConcurrentStreams:
			c.streamsMax = value
		case http2.SettingInitialWindowSize:
			c.streamWindow = int64(value)
		}
	}
}

func (c *connection) headers(flags http2.Flags, stream uint32, payload []byte) error {
	if flags.Has(http2.FlagHeadersPadded | http2.FlagHeadersPriority) {
		return errors.New("received HEADERS with padding or priority")
	}
	c.current = c.open[stream]
	if _, err := c.decoder.Write(payload); err != nil {
		return err
	}
	if flags.Has(http2.FlagHeadersEndStream) {
		return c.finish(stream)
	}
	return nil
}

func (c *connection) data(flags http2.Flags, stream uint32, payload []byte) error {
	c.receivedUnannounced += uint32(len(payload))
	if c.receivedUnannounced > updateAfter {
		c.frame(http2.FrameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, c.receivedUnannounced))
		c.receivedUnannounced = 0
	}
	if open := c.open[stream]; open != nil {
		open.message = append(open.message, payload...)
	}
	if flags.Has(http2.FlagDataEndStream) {
		return c.finish(stream)
	}
	return nil
}

// finish checks the verdict of an answer.
func (c *connection) finish(stream uint32) error {
	ended := c.open[stream]
	if ended == nil {
		return fmt.Errorf("an answer on stream %d, which has no call", stream)
	}
	switch codes.Code(ended.status) {
	case codes.OK:
		if err := check(ended.message, c.Tokens[ended.n%len(c.Tokens)]); err != nil {
			return err
		}
		c.shortest = min(c.shortest, len(ended.message))
		c.longest = max(c.longest, len(ended.message))
		return c.end(stream, true)
	case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded:
		return c.end(stream, false)
	default:
		return fmt.Errorf("an answer with status %v", codes.Code(ended.status))
	}
}

// end ends a call, with a verdict or without.
func (c *connection) end(stream uint32, hasVerdict bool) error {
	ended := c.open[stream]
	if ended == nil {
		return fmt.Errorf("an end of stream %d, which has no call", stream)
	}
	delete(c.open, stream)
	c.answered(ended.n, ended.since, hasVerdict)
	return nil
}
