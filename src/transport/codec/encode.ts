/** Encodes responses. Batches and streams are assembled from the cached bytes of their verdicts. */

import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  type BatchVerifyResponse,
  BatchVerifyResponseSchema,
  type StreamVerifyResponse,
  type StreamVerifyResponse_Item,
  StreamVerifyResponse_ItemSchema,
  StreamVerifyResponseSchema,
  VerifyResponseSchema,
} from '../../gen/usher/v1/verifier_pb.ts';
import { bytesOf } from './encoded-cache.ts';

/**
 * The message in Protobuf's binary encoding, in pieces, behind `freeBytes` bytes of the first piece
 * for the caller to fill.
 */
export function encode<M extends DescMessage>(
  schema: M,
  message: MessageShape<M>,
  freeBytes = 0,
): Uint8Array[] {
  const writer = new BinaryWriter().raw(new Uint8Array(freeBytes));
  switch (schema.typeName) {
    case StreamVerifyResponseSchema.typeName:
      return [encodeStream(writer, message as unknown as StreamVerifyResponse)];
    case BatchVerifyResponseSchema.typeName:
      return encodeBatch(writer, message as unknown as BatchVerifyResponse);
    default:
      return [writer.raw(toBinary(schema, message)).finish()];
  }
}

const items = StreamVerifyResponseSchema.field.items.number;
const id = StreamVerifyResponse_ItemSchema.field.id.number;
const response = StreamVerifyResponse_ItemSchema.field.response.number;
const unavailable = StreamVerifyResponse_ItemSchema.field.unavailable.number;

function encodeStream(writer: BinaryWriter, message: StreamVerifyResponse): Uint8Array {
  for (const item of message.items) {
    writer.tag(items, WireType.LengthDelimited).fork();
    encodeItem(writer, item);
    writer.join();
  }
  encodeInstance(writer, StreamVerifyResponseSchema.field.instance.number, message.instance);
  return writer.finish();
}

function encodeItem(writer: BinaryWriter, { id: of, outcome }: StreamVerifyResponse_Item): void {
  if (of !== 0n) writer.tag(id, WireType.Varint).uint64(of);
  if (outcome.case === 'response') {
    const bytes = bytesOf(VerifyResponseSchema, outcome.value, encode);
    writer.tag(response, WireType.LengthDelimited).bytes(bytes);
  } else if (outcome.case === 'unavailable') {
    writer.tag(unavailable, WireType.LengthDelimited).string(outcome.value);
  }
}

/** A verdict with at least so many bytes is a piece of its own, which is not copied. */
const pieceBytes = 2048;

/** A long answer to a short question takes little memory: its pieces are the verdicts' cached bytes. */
function encodeBatch(writer: BinaryWriter, message: BatchVerifyResponse): Uint8Array[] {
  const { responses, instance } = BatchVerifyResponseSchema.field;
  const pieces: Uint8Array[] = [];
  for (const each of message.responses) {
    const bytes = bytesOf(VerifyResponseSchema, each, encode);
    writer.tag(responses.number, WireType.LengthDelimited);
    if (bytes.length < pieceBytes) writer.bytes(bytes);
    else pieces.push(writer.uint32(bytes.length).finish(), bytes);
  }
  encodeInstance(writer, instance.number, message.instance);
  pieces.push(writer.finish());
  return pieces;
}

function encodeInstance(writer: BinaryWriter, number: number, instance: string): void {
  if (instance !== '') writer.tag(number, WireType.LengthDelimited).string(instance);
}
