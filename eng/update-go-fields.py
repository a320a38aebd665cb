#!/usr/bin/env python3
"""Refreshes ClusterSim/ApiServer/Schema/go-fields.json.gz: how each field of each API type is declared in Go, which OpenAPI does not tell.

  update-go-fields.py CHECKOUTS DEFINITIONS.json[.gz] OUT.json.gz

CHECKOUTS holds git checkouts of k8s.io/api, apimachinery, apiextensions-apiserver and kube-aggregator, each in a directory of that name,
at the release the definitions are of. The result maps a definition to its fields; a field's value is its Go type as reflection prints it,
  '=' and the underlying type where a named type is a list or map,
  '!' at the end where it has neither omitempty nor omitzero, '~' where it has omitzero,
  '|' and JSON where it has a +default marker.
It decides which zero values are written out ("status": {}), and how a type error reads ("of type v1.PullPolicy").
Types that Go's scheme has and no server serves (retired and alpha versions, options) are there too, under the names that definitions would
give them; '$kinds' maps such a kind ('apps/v1beta1 Scale') to its type.
"""
import glob, gzip, json, os, re, sys

checkouts, definitions, out = sys.argv[1:4]
opener = gzip.open if definitions.endswith('.gz') else open
names = json.load(opener(definitions))['definitions']
FIELD = re.compile(r'^\t(?:(\w+)\s+)?([\w.*\[\]]+)\s+`[^`]*json:"([^"]*)"')
packages = {}

def package(directory):
    if directory in packages: return packages[directory]
    structs, aliases = {}, {}
    for path in sorted(glob.glob(directory + '/*.go')):
        if path.endswith('_test.go') or 'zz_generated' in path or path.endswith('generated.pb.go'): continue
        imports, current, default = {}, None, None
        for line in open(path, encoding='utf-8'):
            found = re.match(r'^\t(?:(\w+) )?"([^"]+)"$', line) or re.match(r'^import (?:(\w+) )?"([^"]+)"$', line)
            if found and current is None: imports[found[1] or found[2].split('/')[-1]] = found[2]
            found = re.match(r'^type (\w+) struct \{', line)
            if found: current = structs.setdefault(found[1], []); continue
            found = re.match(r'^type (\w+) (=\s*)?([\w.*\[\]]+)\s*(//.*)?$', line)
            if found: aliases[found[1]] = (found[3], imports); continue
            if line.startswith('}'): current = None
            if current is None: continue
            found = re.match(r'^\t// \+default=(.*)$', line)
            if found: default = found[1].strip()
            found = FIELD.match(line)
            if found: current.append((found[1], found[2], found[3], default, imports))
            if not line.strip().startswith('//'): default = None
    packages[directory] = (structs, aliases)
    return packages[directory]

def place(path):
    for prefix, where in (('k8s.io/api/', 'api/'), ('k8s.io/apimachinery/', 'apimachinery/'),
                          ('k8s.io/apiextensions-apiserver/', 'apiextensions-apiserver/'), ('k8s.io/kube-aggregator/', 'kube-aggregator/')):
        if path.startswith(prefix): return os.path.join(checkouts, where + path[len(prefix):])

def resolve(kind, directory, imports):
    """(printed, underlying) of a Go type seen in a package."""
    if kind.startswith('*'):
        printed, below = resolve(kind[1:], directory, imports); return '*' + printed, below
    if kind.startswith('[]'):
        printed, below = resolve(kind[2:], directory, imports); return '[]' + printed, '[]' + printed
    if kind.startswith('map['):
        key, value = re.match(r'map\[([\w.]+)\](.*)', kind).groups()
        key, value = resolve(key, directory, imports)[0], resolve(value, directory, imports)[0]
        return f'map[{key}]{value}', f'map[{key}]{value}'
    if '.' in kind:
        alias, name = kind.split('.'); path = imports.get(alias, '')
        where = place(path)
        if not where: return kind, kind
        return path.split('/')[-1] + '.' + name, resolve(name, where, {})[1]
    if kind[0].islower(): return {'byte': 'uint8'}.get(kind, kind), kind
    structs, aliases = package(directory)
    if kind in aliases:
        below = resolve(aliases[kind][0], directory, aliases[kind][1])
        return os.path.basename(directory) + '.' + kind, below[1]
    return os.path.basename(directory) + '.' + kind, kind

def fields(name, directory, result):
    structs, aliases = package(directory)
    if name not in structs and name in aliases:
        kind, imports = aliases[name]
        if '.' in kind: alias, name = kind.split('.'); return fields(name, place(imports[alias]), result)
        return fields(kind, directory, result)
    for go, kind, tag, default, imports in structs.get(name, []):
        json_name, *options = tag.split(',')
        if json_name == '-': continue
        if not json_name and ('inline' in options or go is None):
            if '.' in kind: alias, inner = kind.strip('*').split('.'); fields(inner, place(imports[alias]), result)
            else: fields(kind.strip('*'), directory, result)
            continue
        printed, below = resolve(kind, directory, imports)
        text = printed
        if below[:2] in ('[]', 'ma') and below != printed.lstrip('*'): text += '=' + below
        if 'omitzero' in options: text += '~'
        elif 'omitempty' not in options: text += '!'
        if default is not None:
            try: json.loads(default); text += '|' + default
            except ValueError: pass
        result[json_name] = text
    return result

table, missing = {}, []
for definition, schema in names.items():
    if 'properties' not in schema: continue
    parts = definition.split('.')
    if definition.startswith('io.k8s.api.'): where = 'api/' + '/'.join(parts[3:-1])
    elif definition.startswith('io.k8s.apimachinery.'): where = 'apimachinery/' + '/'.join(parts[3:-1])
    elif definition.startswith('io.k8s.apiextensions-apiserver.'): where = 'apiextensions-apiserver/' + '/'.join(parts[3:-1])
    elif definition.startswith('io.k8s.kube-aggregator.'): where = 'kube-aggregator/' + '/'.join(parts[3:-1])
    else: missing.append(definition); continue
    found = fields(parts[-1], os.path.join(checkouts, where), {})
    lost = set(schema['properties']) - set(found)
    if lost: missing.append(f'{definition}: {sorted(lost)}')
    table[definition] = {k: v for k, v in sorted(found.items()) if k in schema['properties']}
# What no server serves: kinds that a register.go of k8s.io/api names, and every struct beside them.
kinds = {}
for register in sorted(glob.glob(os.path.join(checkouts, 'api', '*', 'v*', 'register.go'))) + [os.path.join(checkouts, 'apimachinery/pkg/apis/meta/v1/register.go')]:
    directory = os.path.dirname(register)
    text = open(register, encoding='utf-8').read()
    group = re.search(r'GroupName\s*=\s*"([^"]*)"', text)
    relative = os.path.relpath(directory, checkouts)
    package_name = 'io.k8s.' + relative.replace('/', '.')
    structs, aliases = package(directory)
    for name in [*structs, *(alias for alias, (kind, _) in aliases.items() if re.fullmatch(r'\w+\.\w+|[A-Z]\w*', kind))]:
        if name[0].isupper() and f'{package_name}.{name}' not in table and (own := fields(name, directory, {})):
            table[f'{package_name}.{name}'] = dict(sorted(own.items()))
    if not group or relative.startswith('apimachinery'): continue
    version = os.path.basename(directory)
    for kind in re.findall(r'^\s*&(?:\w+\.)?(\w+)\{\},', text, re.M):
        definition = f'{package_name}.{kind}'
        if not names.get(definition, {}).get('x-kubernetes-group-version-kind') and definition in table:
            kinds[f'{group[1]}/{version} {kind}'.lstrip('/')] = definition
table['$kinds'] = kinds
data = json.dumps(table, separators=(',', ':'), sort_keys=True).encode()
with open(out, 'wb') as raw, gzip.GzipFile('', 'wb', 9, raw, mtime=0) as packed: packed.write(data)
print(f'{len(table)} types, {sum(map(len, table.values()))} fields, {os.path.getsize(out)} bytes')
for line in missing: print('not found:', line)
