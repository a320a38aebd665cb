using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ClusterSim.Storage;

namespace ClusterSim.Network.Ingresses;

/// <summary>The certificates that TLS clients are shown: the one of the host's Secret, else one that nobody trusts, as ingress-nginx does.</summary>
internal sealed class IngressCertificates(VersionedStore store, IngressTable table, TimeProvider clock) : IDisposable
{
    private static readonly GroupResource Secrets = new("", "secrets");

    private readonly ConditionalWeakTable<Document, X509Certificate2> _read = [];
    private readonly Lazy<X509Certificate2> _fake = new(() => MakeFake(clock));
    private readonly ConcurrentBag<X509Certificate2> _made = [];

    /// <summary>The certificate for a server name.</summary>
    public X509Certificate2 Select(string? host)
    {
        if (table.SecretOf(host ?? "") is not { } key || store.Find(Secrets, key) is not { } secret)
            return _fake.Value;
        return _read.TryGetValue(secret, out var known) ? known : _read.GetValue(secret, Read);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var certificate in _made)
            certificate.Dispose();
        if (_fake.IsValueCreated)
            _fake.Value.Dispose();
    }

    private X509Certificate2 Read(Document secret)
    {
        try
        {
            var data = secret.Root.At("data");
            using var pem = X509Certificate2.CreateFromPem(Text("tls.crt"), Text("tls.key"));
            var certificate = Usable(pem);
            _made.Add(certificate);
            return certificate;

            string Text(string name) => Encoding.UTF8.GetString(Convert.FromBase64String(data.At(name).Text("")));
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or FormatException or ArgumentException)
        {
            return _fake.Value;
        }
    }

    private static X509Certificate2 MakeFake(TimeProvider clock)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("ingress.local");
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(clock.GetUtcNow().AddDays(-1), clock.GetUtcNow().AddYears(1));
        return Usable(made);
    }

    // macOS and Windows serve no certificate whose key lives in memory only: through PKCS #12 it is theirs.
    private static X509Certificate2 Usable(X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
}
