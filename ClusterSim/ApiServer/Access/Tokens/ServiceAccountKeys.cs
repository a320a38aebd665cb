using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Access.Tokens;

/// <summary>
/// The keys that sign service-account tokens: ECDSA P-256 (ES256, which kube-apiserver takes as well as RSA; a hundredth of RSA's time to
/// make). The newest signs; older ones verify until they are retired. The first is made when first needed.
/// </summary>
internal sealed class ServiceAccountKeys : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<Key> _keys = [];

    /// <summary>Makes a new key, which signs from now on; tokens of the earlier ones stay good. Returns its id.</summary>
    public string Rotate()
    {
        lock (_lock)
            return Make().Id;
    }

    /// <summary>Takes a key out: tokens that it signed are refused from now on.</summary>
    /// <exception cref="ArgumentException">No such key, or it is the one that signs.</exception>
    public void Retire(string id)
    {
        lock (_lock)
        {
            if (_keys.Count > 0 && _keys[^1].Id == id)
                throw new ArgumentException($"the key {id} is the one that signs: rotate first", nameof(id));
            var found = _keys.Find(key => key.Id == id) ?? throw new ArgumentException($"there is no key {id}", nameof(id));
            _keys.Remove(found);
            found.Pair.Dispose();
        }
    }

    /// <summary>The ids of all keys, the one that signs last.</summary>
    public IReadOnlyList<string> Ids
    {
        get
        {
            lock (_lock)
                return [.. _keys.Select(key => key.Id)];
        }
    }

    /// <summary>The public keys, as <c>/openid/v1/jwks</c> tells them.</summary>
    public JsonObject ToJwks()
    {
        lock (_lock)
        {
            if (_keys.Count == 0)
                Make();
            return Object(("keys", new JsonArray([.. _keys.Select(key =>
            {
                var point = key.Pair.ExportParameters(includePrivateParameters: false).Q;
                return Object(
                    ("use", "sig"), ("kty", "EC"), ("kid", key.Id), ("crv", "P-256"), ("alg", "ES256"),
                    ("x", Base64Url.EncodeToString(point.X)), ("y", Base64Url.EncodeToString(point.Y)));
            })])));
        }
    }

    /// <summary>A signed JWT of these claims.</summary>
    public string Sign(JsonObject claims)
    {
        lock (_lock)
        {
            var key = _keys.Count == 0 ? Make() : _keys[^1];
            var header = Object(("alg", "ES256"), ("kid", key.Id));
            var content = $"{Base64Url.EncodeToString(JsonBuilding.ToUtf8(header))}.{Base64Url.EncodeToString(JsonBuilding.ToUtf8(claims))}";
            var signature = key.Pair.SignData(System.Text.Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            return $"{content}.{Base64Url.EncodeToString(signature)}";
        }
    }

    /// <summary>Whether a key that is held signed this.</summary>
    public bool Verify(string? keyId, ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature)
    {
        lock (_lock)
        {
            foreach (var key in _keys)
                if ((keyId is null || key.Id == keyId)
                    && key.Pair.VerifyData(content, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
                    return true;
            return false;
        }
    }

    /// <summary>Whether a key of that id is held.</summary>
    public bool Has(string keyId)
    {
        lock (_lock)
            return _keys.Exists(key => key.Id == keyId);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var key in _keys)
                key.Pair.Dispose();
            _keys.Clear();
        }
    }

    private Key Make()
    {
        var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // As kube-apiserver: the id is the hash of the public key.
        var key = new Key(Base64Url.EncodeToString(SHA256.HashData(pair.ExportSubjectPublicKeyInfo())), pair);
        _keys.Add(key);
        return key;
    }

    private sealed record Key(string Id, ECDsa Pair);
}
