#!/usr/bin/env python3
"""API throughput over TLS with kept-alive connections: api_bench.py KUBECONFIG [REQUESTS] [CONNECTIONS] [PROCESSES].

Prints requests a second and latencies of GET, POST, PUT, LIST and DELETE against the cluster of the kubeconfig, and beside them what a real
control plane (kube-apiserver 1.36 with etcd, no fsync, two cores, 3000 requests, 16 connections, one process) gave.
One Python process tops out at a few thousand requests a second: more PROCESSES show what the server can do.
Needs Python 3 only. Leaves nothing behind in the cluster.
"""
import asyncio, base64, json, multiprocessing, re, ssl, sys, time, urllib.parse

REAL = {'GET': 2509, 'POST': 1471, 'PUT': 1138, 'LIST': 37, 'DELETE': 1309}
COLLECTION = '/api/v1/namespaces/default/configmaps'


def read(kubeconfig):
    text = open(kubeconfig).read()
    value = lambda name: re.search(rf'{name}: *"?([^"\s]+)', text).group(1)
    url = urllib.parse.urlsplit(value('server'))
    return url.hostname, url.port, value('token'), base64.b64decode(value('certificate-authority-data')).decode()


def config_map(name, letter):
    return {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name}, 'data': {'k': letter * 200}}


async def request(reader, writer, token, method, path, body):
    content = json.dumps(body).encode() if body is not None else b''
    head = (f'{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n'
            f'Accept: application/json\r\nContent-Length: {len(content)}\r\n\r\n')
    writer.write(head.encode() + content)
    await writer.drain()
    status, length, chunked = int((await reader.readline()).split()[1]), 0, False
    while line := (await reader.readline()).strip().lower():
        if line.startswith(b'content-length:'):
            length = int(line.split(b':')[1])
        chunked = chunked or line == b'transfer-encoding: chunked'
    while chunked:
        length = int((await reader.readline()).strip(), 16)
        await reader.readexactly(length + 2)
        if length == 0:
            return status
    await reader.readexactly(length)
    return status


async def work(server, left, make, results):
    host, port, token, authority = server
    reader, writer = await asyncio.open_connection(host, port, ssl=ssl.create_default_context(cadata=authority), limit=1 << 22)
    while left:
        begun = time.perf_counter()
        status = await request(reader, writer, token, *make(left.pop()))
        results.append((status, time.perf_counter() - begun))
    writer.close()


def run(server, verb, numbers, connections, queue, start):
    make = {
        'GET': lambda i: ('GET', '/api/v1/namespaces/default', None),
        'POST': lambda i: ('POST', COLLECTION, config_map(f'b-{i}', 'v')),
        'PUT': lambda i: ('PUT', f'{COLLECTION}/b-{i}', config_map(f'b-{i}', 'w')),
        'LIST': lambda i: ('GET', COLLECTION, None),
        'DELETE': lambda i: ('DELETE', f'{COLLECTION}/b-{i}', None),
    }[verb]

    async def all_workers():
        results = []
        await asyncio.gather(*[work(server, numbers, make, results) for _ in range(connections)])
        return results
    start.wait()
    queue.put(asyncio.run(all_workers()))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    server = read(sys.argv[1])
    requests, connections, processes = [int(a) for a in (sys.argv[2:] + ['3000', '16', '1'][len(sys.argv) - 2:])]
    failed = False
    for verb, real in REAL.items():
        count = 20 if verb == 'LIST' else requests
        queue, start = multiprocessing.Queue(), multiprocessing.Barrier(processes + 1)
        workers = [multiprocessing.Process(target=run, args=(server, verb, list(range(p, count, processes)), max(1, connections // processes), queue, start))
                   for p in range(processes)]
        for worker in workers:
            worker.start()
        start.wait()
        begun = time.perf_counter()
        results = [result for _ in workers for result in queue.get()]
        seconds = time.perf_counter() - begun
        latencies = sorted(latency for _, latency in results)
        codes = {}
        for status, _ in results:
            codes[status] = codes.get(status, 0) + 1
        failed = failed or any(status >= 400 for status in codes)
        rate = count / seconds
        print(f'{verb:7}{rate:8.0f}/s  p50 {latencies[len(latencies) // 2] * 1e3:7.2f} ms  p99 {latencies[int(len(latencies) * .99)] * 1e3:7.2f} ms  '
              f'{rate / real:5.1f} x a real control plane ({real}/s)  {codes}')
    sys.exit(failed)


if __name__ == '__main__':
    main()
