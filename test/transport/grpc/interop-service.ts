/**
 * A service for the cases of gRPC's interoperability tests, as far as they are about a server: unary
 * calls, and streams of answers of asked sizes or with an asked status.
 */

import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type DescService,
  type MessageShape,
} from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import type { Call } from '../../../src/transport/rpc/call.ts';
import type { Binding } from '../../../src/transport/rpc/handlers.ts';
import { type codes, RpcError } from '../../../src/transport/rpc/rpc-error.ts';

/** What a caller asks for. */
export interface Order {
  payload: Uint8Array;
  /** Sizes of the payloads of the answers, in bytes. */
  sizes: number[];
  /** The name of a status to fail with; "" for none. */
  status: string;
  /** The text of that status. */
  text: string;
}

/** An answer. */
export interface Delivery {
  payload: Uint8Array;
  /** The values of metadata that the server saw. */
  seen: string[];
}

const field = (name: string, number: number, type: Type, label = Label.OPTIONAL) => ({
  name,
  number,
  type,
  label,
});
const method = (
  name: string,
  some: { clientStreaming?: boolean; serverStreaming?: boolean } = {},
) => ({
  name,
  inputType: '.interop.Order',
  outputType: '.interop.Delivery',
  ...some,
});

const file = create(FileDescriptorProtoSchema, {
  name: 'interop.proto',
  package: 'interop',
  syntax: 'proto3',
  messageType: [
    {
      name: 'Order',
      field: [
        field('payload', 1, Type.BYTES),
        field('sizes', 2, Type.UINT32, Label.REPEATED),
        field('status', 3, Type.STRING),
        field('text', 4, Type.STRING),
      ],
    },
    {
      name: 'Delivery',
      field: [field('payload', 1, Type.BYTES), field('seen', 2, Type.STRING, Label.REPEATED)],
    },
  ],
  service: [
    {
      name: 'Interop',
      method: [
        method('Unary'),
        method('Answers', { serverStreaming: true }),
        method('Duplex', { clientStreaming: true, serverStreaming: true }),
      ],
    },
  ],
});
const registry = createFileRegistry(file, () => undefined);

/** The service. */
const interop = registry.getService('interop.Interop') as DescService;
const delivery = registry.getMessage('interop.Delivery') as DescMessage;

/** One of its methods: `Unary`, `Answers` or `Duplex`. */
export function interopMethod(name: string): DescMethod {
  return interop.methods.find(each => each.name === name) as DescMethod;
}

function failIfAsked({ status, text }: Order): void {
  if (status !== '') throw new RpcError(status as keyof typeof codes, text);
}

const deliver = (size: number, seen: readonly string[] = []): MessageShape<DescMessage> =>
  create(delivery, { payload: new Uint8Array(size), seen: [...seen] } as Record<string, unknown>);

const metadata = (call: Call) => ['x-text', 'x-bytes-bin'].flatMap(name => call.header(name));

/** The service with its handlers. */
export const interopBinding: Binding = {
  service: interop,
  handlers: {
    unary(order: Order, call: Call) {
      failIfAsked(order);
      return deliver(order.sizes[0] ?? 0, metadata(call));
    },
    async *answers(order: Order) {
      failIfAsked(order);
      for (const size of order.sizes) yield deliver(size);
    },
    async *duplex(orders: AsyncIterable<Order>, call: Call) {
      for await (const order of orders) {
        failIfAsked(order);
        for (const size of order.sizes) yield deliver(size, metadata(call));
      }
    },
  },
};
