// What people do with Kubernetes' own client for Node, against the cluster of a kubeconfig. Each step says "ok <name>" or "FAILED <name>: why".
// Usage: node client.mjs KUBECONFIG FOLDER-OF-NODE_MODULES
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PassThrough } from 'node:stream';
import net from 'node:net';
import http from 'node:http';
import { mkdirSync, mkdtempSync, writeFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import assert from 'node:assert/strict';

const [kubeconfig, modules] = process.argv.slice(2);
const k8s = await import(pathToFileURL(join(modules, '@kubernetes/client-node/dist/index.js')));
const config = new k8s.KubeConfig();
config.loadFromFile(kubeconfig);
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const namespace = 'node-client';
const limit = 60_000;

let failed = 0;
async function step(name, run) {
  try {
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not within ${limit / 1000} s`)), limit); });
    await Promise.race([run(), late]).finally(() => clearTimeout(timer));
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAILED ${name}: ${error.stack ?? error}`);
  }
}

async function until(what, holds) {
  const end = Date.now() + limit;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const collect = () => {
  const stream = new PassThrough();
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  return { stream, bytes: () => Buffer.concat(chunks), text: () => Buffer.concat(chunks).toString() };
};

const exec = (pod, command, { input = null, tty = false } = {}) => new Promise((resolve, reject) => {
  const out = collect();
  const err = collect();
  new k8s.Exec(config).exec(namespace, pod, 'main', command, out.stream, err.stream, input, tty, (status) => resolve({ status, out, err })).catch(reject);
});

const exitCode = (status) => status.status === 'Success' ? 0 : Number(status.details.causes.find((cause) => cause.reason === 'ExitCode').message);

const pod = (name, command, more = {}) => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'busybox:1.36', command, ...more }] },
});

await step('create', async () => {
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  await until('the service account is there', async () => (await core.listNamespacedServiceAccount({ namespace })).items.length > 0);
  const made = await core.createNamespacedPod({ namespace, body: pod('shell', ['sleep', '3600']) });
  assert.equal(made.status.phase, 'Pending');
  assert.ok(made.metadata.creationTimestamp instanceof Date);
  await core.createNamespacedPod({ namespace, body: pod('web', null, { image: 'nginx:1.27', command: undefined, ports: [{ containerPort: 80 }] }) });
  await core.createNamespacedPod({ namespace, body: pod('talk', ['sh', '-c', 'for i in 1 2 3 4 5; do echo line $i; sleep 0.2; done; sleep 3600']) });
  await core.createNamespacedPod({ namespace, body: pod('echo', ['cat'], { stdin: true }) });
  for (const name of ['shell', 'web', 'talk', 'echo'])
    await until(`${name} runs`, async () => (await core.readNamespacedPod({ name, namespace })).status.phase === 'Running');
});

await step('patch', async () => {
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'settings', labels: { a: '1' } }, data: { x: '1' } } });
  const patch = (type, body) => core.patchNamespacedConfigMap({ name: 'settings', namespace, body, fieldManager: 'node' }, k8s.setHeaderOptions('Content-Type', type));
  assert.equal((await patch(k8s.PatchStrategy.JsonPatch, [{ op: 'replace', path: '/data/x', value: '2' }])).data.x, '2');
  assert.equal((await patch(k8s.PatchStrategy.MergePatch, { data: { y: '3' } })).data.y, '3');
  assert.equal((await patch(k8s.PatchStrategy.StrategicMergePatch, { metadata: { labels: { b: '2' } } })).metadata.labels.b, '2');
  const applied = await core.patchNamespacedConfigMap(
    { name: 'settings', namespace, body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { z: '4' } }, fieldManager: 'node-apply', force: true },
    k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.ServerSideApply));
  assert.deepEqual(applied.data, { x: '2', y: '3', z: '4' });
  assert.ok(applied.metadata.managedFields.some((entry) => entry.manager === 'node-apply' && entry.operation === 'Apply'));
});

await step('objects', async () => {
  const objects = k8s.KubernetesObjectApi.makeApiClient(config);
  const deployment = {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'sleeper', namespace },
    spec: { replicas: 2, selector: { matchLabels: { app: 'sleeper' } }, template: { metadata: { labels: { app: 'sleeper' } }, spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] } } },
  };
  await objects.create(deployment);
  await until('two are available', async () => (await apps.readNamespacedDeployment({ name: 'sleeper', namespace })).status.availableReplicas === 2);
  const scaled = await apps.patchNamespacedDeploymentScale({ name: 'sleeper', namespace, body: { spec: { replicas: 1 } } }, k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch));
  assert.equal(scaled.spec.replicas, 1);
  await objects.delete(deployment);
});

await step('list', async () => {
  for (let i = 0; i < 7; i++)
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: `page-${i}`, labels: { page: 'yes' } } } });
  const names = [];
  let page;
  do {
    page = await core.listNamespacedConfigMap({ namespace, labelSelector: 'page=yes', limit: 3, _continue: page?.metadata._continue });
    names.push(...page.items.map((item) => item.metadata.name));
  } while (page.metadata._continue);
  assert.deepEqual(names, ['0', '1', '2', '3', '4', '5', '6'].map((number) => `page-${number}`));
  const chosen = await core.listNamespacedPod({ namespace, fieldSelector: 'metadata.name=web' });
  assert.deepEqual(chosen.items.map((item) => item.metadata.name), ['web']);
});

await step('watch', async () => {
  const seen = [];
  const list = await core.listNamespacedConfigMap({ namespace });
  const request = await new k8s.Watch(config).watch(`/api/v1/namespaces/${namespace}/configmaps`, { resourceVersion: list.metadata.resourceVersion, allowWatchBookmarks: true },
    (type, object) => { if (object.metadata.name === 'watched') seen.push(type); }, () => {});
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'watched' } } });
  await core.replaceNamespacedConfigMap({ name: 'watched', namespace, body: { metadata: { name: 'watched' }, data: { a: 'b' } } });
  await core.deleteNamespacedConfigMap({ name: 'watched', namespace });
  await until('three changes', () => seen.length === 3);
  request.abort();
  assert.deepEqual(seen, ['ADDED', 'MODIFIED', 'DELETED']);
});

await step('informer', async () => {
  const seen = [];
  const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/secrets`, () => core.listNamespacedSecret({ namespace }));
  for (const event of ['add', 'update', 'delete']) informer.on(event, (object) => seen.push(`${event} ${object.metadata.name}`));
  await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'before' }, stringData: { k: 'v' } } });
  await informer.start();
  await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'during' } } });
  await until('the second is seen', () => seen.includes('add during'));
  await core.patchNamespacedSecret({ name: 'during', namespace, body: { data: { k: 'djI=' } } }, k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch));
  await until('the change is seen', () => seen.includes('update during'));
  await core.deleteNamespacedSecret({ name: 'before', namespace });
  await until('the end is seen', () => seen.includes('delete before'));
  assert.equal(Buffer.from(informer.get('during', namespace).data.k, 'base64').toString(), 'v2');
  await informer.stop();
});

await step('logs', async () => {
  const log = new k8s.Log(config);
  const followed = collect();
  const request = await log.log(namespace, 'talk', 'main', followed.stream, { follow: true, pretty: false, timestamps: false });
  await until('five lines', () => followed.text().split('\n').length === 6);
  request.abort();
  assert.equal(followed.text(), 'line 1\nline 2\nline 3\nline 4\nline 5\n');
  assert.equal(await core.readNamespacedPodLog({ name: 'talk', namespace, tailLines: 2 }), 'line 4\nline 5\n');
});

await step('exec', async () => {
  const both = await exec('shell', ['sh', '-c', 'echo out; echo err >&2; exit 7']);
  assert.equal(both.out.text(), 'out\n');
  assert.equal(both.err.text(), 'err\n');
  assert.equal(exitCode(both.status), 7);
  assert.equal(exitCode((await exec('shell', ['true'])).status), 0);
});

await step('exec-stdin', async () => {
  const input = new PassThrough();
  const bytes = Buffer.alloc(1 << 20, 'abcdefgh');
  const running = exec('shell', ['sh', '-c', `head -c ${bytes.length} | sha256sum; exit 3`], { input });
  input.end(bytes);
  const done = await running;
  const { createHash } = await import('node:crypto');
  assert.equal(done.out.text().split(' ')[0], createHash('sha256').update(bytes).digest('hex'));
  assert.equal(exitCode(done.status), 3);
});

await step('exec-end-of-input', async () => {
  const input = new PassThrough();
  const running = exec('shell', ['cat'], { input });
  input.end('to the end\n');
  assert.equal((await running).out.text(), 'to the end\n');
});

await step('exec-tty', async () => {
  const done = await exec('shell', ['sh', '-c', 'echo a; echo b >&2; test -t 1'], { tty: true });
  assert.equal(done.out.text(), 'a\r\nb\r\n');
  assert.equal(exitCode(done.status), 0);
});

await step('exec-refused', async () => {
  const { status } = await exec('shell', ['nosuchprogram']);
  assert.equal(status.status, 'Failure');
  assert.match(status.message, /executable file not found in \$PATH/);
});

await step('attach', async () => {
  const out = collect();
  const input = new PassThrough();
  const socket = await new k8s.Attach(config).attach(namespace, 'echo', 'main', out.stream, null, input, false);
  input.write('hello cat\n');
  await until('the echo', () => out.text() === 'hello cat\n');
  socket.close();
});

await step('port-forward', async () => {
  const forward = new k8s.PortForward(config);
  const server = net.createServer((socket) => { forward.portForward(namespace, 'web', [80], socket, null, socket); });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const get = () => new Promise((resolve, reject) => http.get({ port: server.address().port, host: '127.0.0.1', headers: { Connection: 'close' } }, (answer) => {
    const body = collect();
    answer.pipe(body.stream).on('finish', () => resolve(`${answer.statusCode} ${body.text()}`));
  }).on('error', reject));
  const answers = await Promise.all(Array.from({ length: 10 }, get));
  for (const answer of answers) assert.match(answer, /^200 .*Welcome to nginx!/s);
  server.close();
});

await step('cp', async () => {
  // Only to a pod: from one this client asks for a compressed archive and reads it as if it were none.
  const folder = mkdtempSync(join(tmpdir(), 'client-'));
  try {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'deep', 'up.bin'), bytes);
    await new k8s.Cp(config).cpToPod(namespace, 'shell', 'main', folder, '/tmp');
    await until('the file is there', async () => (await exec('shell', ['sh', '-c', 'wc -c < /tmp/deep/up.bin'])).out.text() === '100000\n');
    assert.ok((await exec('shell', ['cat', '/tmp/deep/up.bin'])).out.bytes().equals(bytes));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

await step('errors', async () => {
  const refused = async (run) => { try { await run(); } catch (error) { return { code: error.code, status: JSON.parse(error.body) }; } throw new Error('was not refused'); };
  const absent = await refused(() => core.readNamespacedPod({ name: 'nosuch', namespace }));
  assert.equal(absent.code, 404);
  assert.equal(absent.status.message, 'pods "nosuch" not found');
  const twice = await refused(() => core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'settings' } } }));
  assert.equal(twice.code, 409);
  assert.equal(twice.status.reason, 'AlreadyExists');
  const invalid = await refused(() => core.createNamespacedPod({ namespace, body: { metadata: { name: 'Wrong_Name' }, spec: { containers: [] } } }));
  assert.equal(invalid.code, 422);
  assert.ok(invalid.status.details.causes.length >= 2);
});

await step('metrics', async () => {
  // No metrics server, no figures: an error that says so, or a list.
  try {
    assert.ok(Array.isArray((await new k8s.Metrics(config).getPodMetrics(namespace)).items));
  } catch (error) {
    assert.ok(error.code >= 400, String(error));
  }
});

await step('delete', async () => {
  await core.deleteNamespace({ name: namespace });
  await until('the namespace is gone', async () => { try { await core.readNamespace({ name: namespace }); return false; } catch (error) { return error.code === 404; } });
});

process.exit(failed === 0 ? 0 : 1);
