import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FormatError } from '@forback/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DatasetNotFoundError } from './errors';
import type { DownloadProgress } from './load-options';
import { locate } from './locate';
import type { PublishedFile, PublishedSet } from './published-files';
import { sampleBytes, serve, temporaryFolder } from './test-support';

/** A data set of one gzip file and one plain file. */
const contents = { 'a.idx.gz': sampleBytes(60_000), 'b.bin': sampleBytes(40_000).reverse() };
const published: Record<string, Uint8Array> = {
  'a.idx.gz': gzipSync(contents['a.idx.gz']),
  'b.bin': contents['b.bin'],
};
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const files: PublishedFile[] = [
  {
    name: 'a.idx.gz',
    bytes: (published['a.idx.gz'] as Uint8Array).length,
    inflated: 60_000,
    sha256: digest(contents['a.idx.gz']),
  },
  { name: 'b.bin', bytes: 40_000, sha256: digest(contents['b.bin']) },
];
const set: PublishedSet = {
  title: 'Sample',
  folders: ['sample-set', '.'],
  arrangements: [files],
  download: files,
  mirrors: [],
};

interface Request {
  readonly file: string;
  readonly range: string | undefined;
}

/** Answers as a static file server does, ranges included. */
function sendFile(request: IncomingMessage, response: ServerResponse): void {
  const bytes = published[(request.url as string).slice(1)];
  if (bytes === undefined) {
    response.writeHead(404, 'Not Found').end();
    return;
  }
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const start = range === null ? 0 : Number(range[1]);
  if (range !== null && start >= bytes.length)
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
  else {
    const length = { 'content-length': bytes.length - start };
    if (range === null) response.writeHead(200, length);
    else response.writeHead(206, { ...length, 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` });
    response.end(bytes.subarray(start));
  }
}

/** Sends the first half of a file and breaks the connection. */
function sendHalf(request: IncomingMessage, response: ServerResponse): void {
  const bytes = published[(request.url as string).slice(1)] as Uint8Array;
  response.writeHead(200, { 'content-length': bytes.length });
  response.write(bytes.subarray(0, bytes.length / 2), () => setTimeout(() => response.destroy(), 20));
}

async function recordingServer(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void = sendFile,
) {
  const requests: Request[] = [];
  const url = await serve((request, response) => {
    requests.push({ file: (request.url as string).slice(1), range: request.headers.range });
    answer(request, response, requests.length);
  });
  return { url, requests };
}

async function expectContents(located: Promise<{ contents: readonly Uint8Array[] }>): Promise<void> {
  const [a, b] = (await located).contents;
  expect(Buffer.compare(a as Uint8Array, contents['a.idx.gz'])).toBe(0);
  expect(Buffer.compare(b as Uint8Array, contents['b.bin'])).toBe(0);
}

async function publishTo(folder: string, except?: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(published))
    if (name !== except) await writeFile(join(folder, name), bytes);
}

async function failure(promise: Promise<unknown>): Promise<DatasetNotFoundError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DatasetNotFoundError);
  return error as DatasetNotFoundError;
}

let home: string;
beforeEach(async () => {
  home = await temporaryFolder();
  for (const name of ['HOME', 'USERPROFILE', 'LOCALAPPDATA', 'XDG_CACHE_HOME']) vi.stubEnv(name, home);
  vi.stubEnv('FORBACK_DATA_DIR', '');
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

describe('locate on disk', () => {
  it('takes the first folder that has the set', async () => {
    const [mine, theirs] = [await temporaryFolder(), await temporaryFolder()];
    await publishTo(join(theirs, 'sample-set'));
    vi.stubEnv('FORBACK_DATA_DIR', theirs);
    const options = { dataDir: mine, download: false };
    expect((await locate('load', set, options)).where).toBe(join(theirs, 'sample-set'));
    await publishTo(mine);
    const located = locate('load', set, options);
    expect((await located).where).toBe(mine);
    await expectContents(located);
  });

  it('takes files that were inflated', async () => {
    const folder = await temporaryFolder();
    await publishTo(folder, 'a.idx.gz');
    await writeFile(join(folder, 'a.idx'), contents['a.idx.gz']);
    await expectContents(locate('load', set, { dataDir: folder, download: false }));
  });

  it('takes the first arrangement that is complete', async () => {
    const folder = await temporaryFolder();
    await publishTo(folder, 'a.idx.gz');
    const second = [files[1] as PublishedFile];
    const located = await locate(
      'load',
      { ...set, arrangements: [files, second] },
      { dataDir: folder, download: false },
    );
    expect(located.arrangement).toBe(second);
  });

  it('says what it tried and what to do', async () => {
    const folder = await temporaryFolder();
    await publishTo(join(folder, 'sample-set'), 'b.bin');
    vi.stubEnv('FORBACK_DATA_DIR', join(folder, 'nowhere'));
    const error = await failure(locate('loadSample', set, { dataDir: folder, download: false }));
    expect(error.message).toContain('loadSample: Sample is in none of the folders searched');
    expect(error.attempts).toContain(`${join(folder, 'sample-set')}: b.bin missing`);
    expect(error.attempts).toContain(`${folder} (dataDir): no complete Sample`);
    expect(error.attempts).toContain(`${join(folder, 'nowhere')} (FORBACK_DATA_DIR): no such folder`);
    expect(error.attempts.at(-1)).toBe('download: turned off');
    expect(error.message).toContain('Set FORBACK_DATA_DIR, or dataDir, to a folder with sample-set/a.idx.gz, b.bin.');
    expect(error.message).toContain('syntheticDigitsDataset(key) needs no files');
  });

  it('refuses damaged and foreign files with their path', async () => {
    const folder = await temporaryFolder();
    await publishTo(folder);
    const options = { dataDir: folder, download: false };
    await writeFile(join(folder, 'b.bin'), sampleBytes(40_000));
    await expect(locate('load', set, options)).rejects.toThrow(
      `${join(folder, 'b.bin')}: expected the published b.bin`,
    );
    await writeFile(join(folder, 'a.idx.gz'), (published['a.idx.gz'] as Uint8Array).subarray(0, 1000));
    await expect(locate('load', set, options)).rejects.toThrow(FormatError);
    await expect(locate('load', set, options)).rejects.toThrow(join(folder, 'a.idx.gz'));
  });

  it('checks the size where no digest is published', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'c.bin'), sampleBytes(99));
    const withSize = (bytes: number) => ({ ...set, arrangements: [[{ name: 'c.bin', bytes }]] });
    expect((await locate('load', withSize(99), { dataDir: folder })).contents[0]).toHaveLength(99);
    await expect(locate('load', withSize(98), { dataDir: folder })).rejects.toThrow('expected 98 bytes, got 99');
  });
});

describe('locate by download', () => {
  it('keeps the files in dataDir and needs no network afterwards', async () => {
    const dataDir = await temporaryFolder();
    const { url, requests } = await recordingServer();
    const events: DownloadProgress[] = [];
    const located = locate('load', set, { dataDir, mirrors: [url], onProgress: (event) => events.push(event) });
    await expectContents(located);
    const folder = join(dataDir, 'sample-set');
    expect((await located).where).toBe(`${folder} (downloaded from ${url})`);
    expect((await readdir(folder)).sort()).toEqual(['a.idx.gz', 'b.bin']);
    expect(Buffer.compare(await readFile(join(folder, 'a.idx.gz')), published['a.idx.gz'] as Uint8Array)).toBe(0);

    for (const { name, bytes } of files) {
      const own = events.filter(({ file }) => file === name);
      expect(own[0]).toEqual({ dataset: 'Sample', file: name, url: url + name, received: 0, total: bytes });
      expect(own.at(-1)?.received).toBe(bytes);
      expect(own.map(({ received }) => received)).toEqual(
        own.map(({ received }) => received).toSorted((a, b) => a - b),
      );
    }
    await expectContents(locate('load', set, { dataDir, mirrors: [url] }));
    expect(requests).toHaveLength(2);
  });

  it('keeps the files in the cache folder where no dataDir is given', async () => {
    const { url } = await recordingServer();
    const { where } = await locate('load', set, { mirrors: [url] });
    expect(where.startsWith(home)).toBe(true);
    expect((await locate('load', set, { download: false })).where).toContain(home);
  });

  it('goes from mirror to mirror, and stays with the one that worked', async () => {
    const missing = await recordingServer((_, response) => response.writeHead(404, 'Not Found').end());
    const foreign = await recordingServer((_, response) => response.end('<!DOCTYPE html>'));
    const good = await recordingServer();
    const mirrors = [missing.url, foreign.url, good.url];
    await expectContents(locate('load', set, { dataDir: await temporaryFolder(), mirrors }));
    expect([missing, foreign, good].map(({ requests }) => requests.length)).toEqual([1, 1, 2]);
  });

  it('lists why each mirror failed and leaves nothing behind', async () => {
    const dataDir = await temporaryFolder();
    const closed = await serve(() => {});
    const missing = await recordingServer((_, response) => response.writeHead(404, 'Not Found').end());
    const foreign = await recordingServer((_, response) => response.end('<!DOCTYPE html>'));
    const long = await recordingServer((_, response) => response.end(sampleBytes(70_000)));
    const mirrors = [missing.url, foreign.url, long.url, closed];
    const error = await failure(locate('load', set, { dataDir, mirrors, connectTimeout: 200 }));
    expect(error.attempts).toContain(`${missing.url}a.idx.gz: HTTP 404 Not Found`);
    expect(error.attempts.some((line) => line.startsWith(`${foreign.url}a.idx.gz`) && line.includes('SHA-256'))).toBe(
      true,
    );
    expect(error.attempts).toContain(`${long.url}a.idx.gz: expected at most ${files[0]?.bytes} bytes, got more`);
    expect(error.attempts).toContain(`${closed}a.idx.gz: no answer within 200 ms`);
    expect(await readdir(join(dataDir, 'sample-set'))).toEqual([]);
  });

  it('says so when nothing listens', async () => {
    const error = await failure(locate('load', set, { mirrors: ['http://127.0.0.1:1/'] }));
    expect(error.attempts.at(-1)).toMatch(/^http:\/\/127\.0\.0\.1:1\/a\.idx\.gz: fetch failed \(.+\)$/);
  });

  it('continues a broken transfer where it stopped', async () => {
    const { url, requests } = await recordingServer((request, response, count) =>
      count === 1 ? sendHalf(request, response) : sendFile(request, response),
    );
    await expectContents(locate('load', set, { dataDir: await temporaryFolder(), mirrors: [url] }));
    const half = Math.floor((published['a.idx.gz'] as Uint8Array).length / 2);
    expect(requests.slice(0, 2)).toEqual([
      { file: 'a.idx.gz', range: undefined },
      { file: 'a.idx.gz', range: `bytes=${half}-` },
    ]);
  });

  it('starts again where a server cannot continue', async () => {
    const { url, requests } = await recordingServer((request, response, count) => {
      if (count === 1) return sendHalf(request, response);
      delete request.headers.range;
      sendFile(request, response);
    });
    await expectContents(locate('load', set, { dataDir: await temporaryFolder(), mirrors: [url] }));
    expect(requests).toHaveLength(3);
  });

  it('gives up on a mirror that breaks off every time, and continues on the next', async () => {
    const broken = await recordingServer((request, response) => {
      const start = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
      const bytes = published['a.idx.gz'] as Uint8Array;
      response.writeHead(start === 0 ? 200 : 206, {
        'content-length': bytes.length - start,
        ...(start > 0 && { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
      });
      response.write(bytes.subarray(start, start + 100), () => setTimeout(() => response.destroy(), 10));
    });
    const good = await recordingServer();
    await expectContents(locate('load', set, { dataDir: await temporaryFolder(), mirrors: [broken.url, good.url] }));
    expect(broken.requests).toHaveLength(5);
    expect(good.requests[0]?.range).toBe('bytes=500-');
  });

  it('accepts a file that the server inflates on the way', async () => {
    const dataDir = await temporaryFolder();
    const { url } = await recordingServer((request, response) => {
      if (request.url === '/a.idx.gz') response.setHeader('content-encoding', 'gzip');
      response.end(published[(request.url as string).slice(1)]);
    });
    await expectContents(locate('load', set, { dataDir, mirrors: [url] }));
    await expectContents(locate('load', set, { dataDir, download: false }));
  });

  it('stops at once when aborted, and continues the next time', async () => {
    const dataDir = await temporaryFolder();
    const folder = join(dataDir, 'sample-set');
    const controller = new AbortController();
    const reason = new Error('enough');
    const half = Math.floor((published['a.idx.gz'] as Uint8Array).length / 2);
    const slow = await recordingServer((request, response) => {
      const bytes = published[(request.url as string).slice(1)] as Uint8Array;
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, half));
    });
    const stopped = locate('load', set, {
      dataDir,
      mirrors: [slow.url],
      signal: controller.signal,
      onProgress: ({ received }) => received === half && controller.abort(reason),
    });
    await expect(stopped).rejects.toBe(reason);
    expect(await readdir(folder)).toEqual([`a.idx.gz.${process.pid}.part`]);

    const good = await recordingServer();
    await expectContents(locate('load', set, { dataDir, mirrors: [good.url] }));
    expect(good.requests[0]?.range).toBe(`bytes=${half}-`);
    expect((await readdir(folder)).sort()).toEqual(['a.idx.gz', 'b.bin']);
  });

  it('passes on what onProgress throws', async () => {
    const { url, requests } = await recordingServer();
    const own = new Error('own');
    const onProgress = () => {
      throw own;
    };
    await expect(locate('load', set, { mirrors: [url, url], onProgress })).rejects.toBe(own);
    expect(requests).toHaveLength(1);
  });

  it('does nothing when aborted before it begins', async () => {
    const { url, requests } = await recordingServer();
    const reason = new Error('never mind');
    await expect(locate('load', set, { mirrors: [url], signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(requests).toHaveLength(0);
  });

  describe('after a process that was killed', () => {
    const bytes = published['a.idx.gz'] as Uint8Array;

    /** A folder in which a process that no longer runs has left these bytes of a.idx.gz. */
    async function leftover(part: Uint8Array) {
      const dataDir = await temporaryFolder();
      const folder = join(dataDir, 'sample-set');
      await mkdir(folder);
      const { pid } = spawnSync(process.execPath, ['--version']);
      await writeFile(join(folder, `a.idx.gz.${pid}.part`), part);
      return { dataDir, folder };
    }

    it('continues what it left', async () => {
      const { dataDir, folder } = await leftover(bytes.subarray(0, 1234));
      // Another leftover is removed; the part of a process that runs (the parent) is left alone.
      const { pid } = spawnSync(process.execPath, ['--version']);
      await writeFile(join(folder, `a.idx.gz.${pid}.part`), bytes.subarray(0, 1234));
      await writeFile(join(folder, `a.idx.gz.${process.ppid}.part`), 'x');
      const { url, requests } = await recordingServer();
      await expectContents(locate('load', set, { dataDir, mirrors: [url] }));
      expect(requests[0]?.range).toBe('bytes=1234-');
      expect((await readdir(folder)).sort()).toEqual(['a.idx.gz', `a.idx.gz.${process.ppid}.part`, 'b.bin']);
    });

    it('starts again where what it left is wrong', async () => {
      const { dataDir } = await leftover(sampleBytes(1234));
      const { url, requests } = await recordingServer();
      await expectContents(locate('load', set, { dataDir, mirrors: [url] }));
      expect(requests.slice(0, 2).map(({ range }) => range)).toEqual(['bytes=1234-', undefined]);
    });

    it('takes what is complete, or starts again where it is not the file', async () => {
      for (const [left, expected] of [
        [bytes, [`bytes=${bytes.length}-`]],
        [sampleBytes(bytes.length), [`bytes=${bytes.length}-`, undefined]],
      ] as const) {
        const { dataDir } = await leftover(left);
        const { url, requests } = await recordingServer();
        await expectContents(locate('load', set, { dataDir, mirrors: [url] }));
        expect(requests.filter(({ file }) => file === 'a.idx.gz').map(({ range }) => range)).toEqual(expected);
      }
    });
  });

  it('downloads once for calls at the same time', async () => {
    const dataDir = await temporaryFolder();
    const { url, requests } = await recordingServer();
    const calls = [1, 2, 3].map(() => locate('load', set, { dataDir, mirrors: [url] }));
    await Promise.all(calls.map(expectContents));
    expect(requests).toHaveLength(2);
  });

  it('says so when the folder cannot be written', async () => {
    const dataDir = join(await temporaryFolder(), 'file');
    await writeFile(dataDir, '');
    const { url } = await recordingServer();
    const error = await failure(locate('load', set, { dataDir, mirrors: [url] }));
    expect(error.attempts.at(-1)).toContain(`${join(dataDir, 'sample-set', 'a.idx.gz')}: cannot be written`);
  });

  it('uses the fetch that it is given', async () => {
    const { url } = await recordingServer();
    const asked: string[] = [];
    await expectContents(
      locate('load', set, {
        dataDir: await temporaryFolder(),
        mirrors: ['https://mirror.example/files'],
        fetch: (address, init) => {
          asked.push(String(address));
          return fetch(String(address).replace('https://mirror.example/files/', url), init);
        },
      }),
    );
    expect(asked).toEqual(['https://mirror.example/files/a.idx.gz', 'https://mirror.example/files/b.bin']);
  });

  it('keeps the files in memory where there is no file system, as in a browser', async () => {
    vi.stubGlobal('process', undefined);
    const { url, requests } = await recordingServer((request, response, count) =>
      count === 1 ? sendHalf(request, response) : sendFile(request, response),
    );
    const located = locate('load', set, { mirrors: [url] });
    await expectContents(located);
    expect((await located).where).toBe(url);
    expect(requests).toHaveLength(3);
    expect(await readdir(home)).toEqual([]);
  });
});
