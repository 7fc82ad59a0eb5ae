import { describe, expect, it } from 'vitest';
import { memorySink } from './sink';
import { serve } from './test-support';
import { type TransferOptions, transfer } from './transfer';

const options: TransferOptions = {
  fetch,
  signal: undefined,
  connectTimeout: 5000,
  stallTimeout: 5000,
  maxBytes: 1000,
  onProgress: () => {},
};

describe('transfer', () => {
  it('gives up on a server that stops sending', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('12345');
    });
    const sink = memorySink();
    await expect(transfer(url, sink, { ...options, stallTimeout: 100 })).rejects.toThrow('no data within 100 ms');
    expect(sink.size).toBe(5);
  });

  it('refuses an answer with other bytes than those asked for', async () => {
    const url = await serve((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 3-5/6' });
      response.end('456');
    });
    const sink = memorySink();
    await sink.append(Uint8Array.of(1));
    await expect(transfer(url, sink, options)).rejects.toThrow('expected the bytes from 1 on, got "bytes 3-5/6"');
  });

  it('takes a file whose size the server does not say', async () => {
    const url = await serve((_, response) => {
      response.write('123');
      response.end('45');
    });
    const sink = memorySink();
    const totals: unknown[] = [];
    await transfer(url, sink, { ...options, onProgress: (_, total) => totals.push(total) });
    expect(new TextDecoder().decode(await sink.bytes())).toBe('12345');
    expect(new Set(totals)).toEqual(new Set([undefined]));
  });
});
