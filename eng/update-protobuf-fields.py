#!/usr/bin/env python3
"""Refreshes ClusterSim/ApiServer/Schema/protobuf-fields.json.gz: the field numbers and types of the messages that kubectl's typed commands send.

  update-protobuf-fields.py CHECKOUTS DEFINITIONS.json[.gz] GO-FIELDS.json.gz OUT.json.gz

CHECKOUTS holds git checkouts of k8s.io/api, apimachinery, apiextensions-apiserver and kube-aggregator, each in a directory of that name,
at the release the definitions are of; only their files generated.proto are read. The result maps a message, by its definition's full name,
to its fields; a field's key is its number, its value '<name in JSON> <type>', where a type is
  string, bytes, bool, int32, int64, double, or a message's full name;
  '[]' and a type where it repeats, 'map[string]' and a type where it is a map.
A field without a name is embedded: its fields are its parent's. 'list[]' and a type is a message that only wraps a list (ExtraValue).
Only what a kind of Go's scheme can hold is kept. GO-FIELDS is what update-go-fields.py writes: it names the types that no server serves.
"""
import glob, gzip, json, os, re, sys

checkouts, definitions, go_fields, out = sys.argv[1:5]
opener = gzip.open if definitions.endswith('.gz') else open
schemas = json.load(opener(definitions))['definitions']
go = json.load(gzip.open(go_fields))
FIELD = re.compile(r'^(optional|repeated|map<string, ([\w.]+)>) ?([\w.]+)? (\w+) = (\d+);')
# Written in ways of their own, which code knows: their fields keep the names of the message.
SPECIAL = {'Quantity', 'IntOrString', 'RawExtension', 'Time', 'MicroTime', 'FieldsV1', 'Duration', 'JSON', 'JSONSchemaPropsOrArray', 'JSONSchemaPropsOrBool',
           'JSONSchemaPropsOrStringArray'}

messages = {}
for path in sorted(glob.glob(checkouts + '/**/generated.proto', recursive=True)):
    package = name = None
    for line in open(path, encoding='utf-8'):
        line = line.strip()
        if found := re.match(r'package k8s\.io\.([\w.-]+);', line): package = 'io.k8s.' + found[1].replace('apiextensions_apiserver', 'apiextensions-apiserver').replace('kube_aggregator', 'kube-aggregator')
        elif found := re.match(r'message (\w+) \{', line): name = f'{package}.{found[1]}'; messages[name] = []
        elif line == '}': name = None
        elif name and (found := FIELD.match(line)):
            label, value, kind, field, number = found.groups()
            messages[name].append((int(number), field, 'map' if value else label, value or kind))

def full(kind, within):
    """A type's name as definitions say it; scalars are left as they are."""
    if kind in ('string', 'bytes', 'bool', 'int32', 'int64', 'double'): return kind
    if '.' not in kind: kind = within.rsplit('.', 1)[0] + '.' + kind
    kind = re.sub(r'^\.?k8s\.io\.', 'io.k8s.', kind).replace('apiextensions_apiserver', 'apiextensions-apiserver').replace('kube_aggregator', 'kube-aggregator')
    if kind not in messages: sys.exit(f'update-protobuf-fields: {within} refers to {kind}, which no generated.proto under {checkouts} declares')
    return kind

def plain(name): return re.sub(r'[-$]', '', name).lower()

def is_list(kind): return kind in messages and kind not in schemas and "metadata" not in [f[1] for f in messages[kind]] and [f[1:3] for f in messages[kind]] == [("items", "repeated")]

result = {}
def read(name, properties):
    """A message whose fields are these properties of JSON; for an embedded one, its parent's."""
    fields = {}
    for number, field, label, kind in messages[name]:
        kind = full(kind, name)
        if is_list(kind): kind = 'list[]' + full(messages[kind][0][3], kind)
        written = next((p for p in properties if p == field), None) or next((p for p in properties if plain(p) == plain(field)), None)
        if written is None and label == 'optional' and kind in messages: read(kind, properties); written = ''
        elif written is None: print(f'  {name}.{field} is not in the definition: left out', file=sys.stderr); continue
        else: follow(kind)
        fields[number] = f"{written} {'[]' if label == 'repeated' else 'map[string]' if label == 'map' else ''}{kind}"
    previous = result.setdefault(name, {})
    for number, value in fields.items(): previous.setdefault(str(number), value)

def follow(kind):
    kind = kind.removeprefix('list[]')
    if kind not in messages or kind in result: return
    result[kind] = {}
    read(kind, (schemas[kind].get('properties', {}) if kind in schemas else go.get(kind, {})) if kind.rsplit('.', 1)[1] not in SPECIAL else {field[1]: None for field in messages[kind]})

for name, schema in sorted(schemas.items()):
    if schema.get('x-kubernetes-group-version-kind') and name in messages: follow(name)
    elif schema.get('x-kubernetes-group-version-kind'): print(f'  {name} has no message', file=sys.stderr)

meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
options = ('CreateOptions', 'DeleteOptions', 'GetOptions', 'ListOptions', 'PatchOptions', 'UpdateOptions', 'TableOptions', 'PartialObjectMetadata', 'PartialObjectMetadataList')
for name in [*go['$kinds'].values(), *(meta + kind for kind in options)]:
    if name in messages: follow(name)

with open(out, 'wb') as file, gzip.GzipFile(fileobj=file, mode='wb', compresslevel=9, mtime=0, filename='') as zipped:
    zipped.write(json.dumps(dict(sorted(result.items())), separators=(',', ':')).encode())
print(f'update-protobuf-fields: {len(result)} messages, {sum(map(len, result.values()))} fields in {out}, {os.path.getsize(out)} bytes')
