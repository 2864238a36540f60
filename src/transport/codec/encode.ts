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

/** The message in Protobuf's binary encoding, behind `freeBytes` bytes for the caller to fill. */
export function encode<M extends DescMessage>(
  schema: M,
  message: MessageShape<M>,
  freeBytes = 0,
): Uint8Array {
  // A long answer is in memory once, not once more with its prefix.
  const writer = new BinaryWriter().raw(new Uint8Array(freeBytes));
  switch (schema.typeName) {
    case StreamVerifyResponseSchema.typeName:
      return encodeStream(writer, message as unknown as StreamVerifyResponse);
    case BatchVerifyResponseSchema.typeName:
      return encodeBatch(writer, message as unknown as BatchVerifyResponse);
    default:
      return writer.raw(toBinary(schema, message)).finish();
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

function encodeBatch(writer: BinaryWriter, message: BatchVerifyResponse): Uint8Array {
  for (const each of message.responses) {
    const bytes = bytesOf(VerifyResponseSchema, each, encode);
    writer.tag(BatchVerifyResponseSchema.field.responses.number, WireType.LengthDelimited);
    writer.bytes(bytes);
  }
  encodeInstance(writer, BatchVerifyResponseSchema.field.instance.number, message.instance);
  return writer.finish();
}

function encodeInstance(writer: BinaryWriter, number: number, instance: string): void {
  if (instance !== '') writer.tag(number, WireType.LengthDelimited).string(instance);
}
