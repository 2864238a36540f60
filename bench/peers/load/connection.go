package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"strconv"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
)

// call is a call that has no answer yet.
type call struct {
	n     int
	since time.Time
	// message is the answer so far, with its prefix of five bytes.
	message []byte
	// status is grpc-status; Unknown until it arrives.
	status uint32
}

// connection is one HTTP/2 connection of a client (RFC 9113), for calls that differ only in their
// message.
type connection struct {
	order
	socket   int
	messages [][]byte
	answered func(n int, since time.Time, available bool)

	in, out []byte
	open    map[uint32]*call
	waiting []*call
	nextID  uint32
	// head is the header block of all calls after the first: references to the dynamic table.
	firstHead, head []byte
	decoder         *hpack.Decoder
	// current is the call whose header block is being decoded.
	current *call
	// shortest and longest are sizes of answers.
	shortest, longest int

	// What the server allows.
	streamsMax          uint32
	window              int64
	streamWindow        int64
	receivedUnannounced uint32
}

const windowMax = 1<<31 - 1

func open(todo order, messages [][]byte, answered func(int, time.Time, bool)) (*connection, error) {
	socket, err := dial(todo.Address)
	if err != nil {
		return nil, err
	}
	c := &connection{
		order: todo, socket: socket, messages: messages, answered: answered,
		open: make(map[uint32]*call), nextID: 1,
		shortest: math.MaxInt, streamsMax: windowMax, window: 65_535, streamWindow: 65_535,
	}
	c.firstHead, c.head = heads(todo.Address)
	c.decoder = hpack.NewDecoder(4096, func(field hpack.HeaderField) {
		if field.Name == "grpc-status" && c.current != nil {
			status, _ := strconv.ParseUint(field.Value, 10, 32)
			c.current.status = uint32(status)
		}
	})
	c.out = append(c.out, http2.ClientPreface...)
	c.frame(http2.FrameSettings, 0, 0, setting(http2.SettingInitialWindowSize, windowMax))
	c.frame(http2.FrameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, windowMax-65_535))
	return c, nil
}

// dial connects without Go's poller: the loop polls the socket itself.
func dial(address string) (int, error) {
	to, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return 0, err
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := unix.Connect(socket, &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}); err != nil {
		return 0, err
	}
	if err := unix.SetsockoptInt(socket, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return 0, err
	}
	return socket, unix.SetNonblock(socket, true)
}

func (c *connection) close() { _ = unix.Close(c.socket) }

// heads are the header blocks of the first call and of all later ones.
func heads(authority string) (first, later []byte) {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	encode := func() []byte {
		block.Reset()
		for _, field := range [][2]string{
			{":method", "POST"}, {":scheme", "http"}, {":authority", authority},
			{":path", "/usher.v1.VerifierService/Verify"},
			{"content-type", "application/grpc"}, {"te", "trailers"}, {"user-agent", "load"},
		} {
			_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
		}
		return bytes.Clone(block.Bytes())
	}
	return encode(), encode()
}

func setting(id http2.SettingID, value uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(nil, uint16(id)), value)
}

// frame adds a frame to what is to be written.
func (c *connection) frame(kind http2.FrameType, flags http2.Flags, stream uint32, payload []byte) {
	size := len(payload)
	c.out = append(c.out, byte(size>>16), byte(size>>8), byte(size), byte(kind), byte(flags))
	c.out = binary.BigEndian.AppendUint32(c.out, stream)
	c.out = append(c.out, payload...)
}

// call makes a call as soon as the server allows one more.
func (c *connection) call(n int, since time.Time) {
	c.waiting = append(c.waiting, &call{n: n, since: since, status: uint32(codes.Unknown)})
}

func (c *connection) sendWaiting() {
	for len(c.waiting) > 0 && len(c.open) < min(c.Streams, int(c.streamsMax)) {
		next := c.waiting[0]
		message := c.messages[next.n%len(c.messages)]
		if size := int64(len(message)); size > c.window || size > c.streamWindow {
			return
		}
		c.waiting = c.waiting[1:]
		c.window -= int64(len(message))
		head := c.head
		if c.nextID == 1 {
			head = c.firstHead
		}
		c.frame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, c.nextID, head)
		c.frame(http2.FrameData, http2.FlagDataEndStream, c.nextID, message)
		c.open[c.nextID] = next
		c.nextID += 2
	}
}

// flush writes as much as the socket takes.
func (c *connection) flush() error {
	for len(c.out) > 0 {
		written, err := unix.Write(c.socket, c.out)
		if err == unix.EAGAIN {
			return nil
		}
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
		c.out = c.out[:copy(c.out, c.out[written:])]
	}
	return nil
}
