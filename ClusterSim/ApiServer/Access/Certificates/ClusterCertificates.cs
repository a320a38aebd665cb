using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ClusterSim.Access.Certificates;

/// <summary>
/// A cluster's own certificate authority and what it signs: the API server's serving certificate and client certificates, in which the
/// common name is the user and the organizations are the groups. Keys are ECDSA P-256 from the cryptographic generator, made per cluster,
/// held in memory alone.
/// </summary>
internal sealed class ClusterCertificates : IDisposable
{
    // As kubeadm: the authority for ten years, what it signs for one.
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly TimeProvider _clock;
    private readonly ECDsa _authorityKey;
    private readonly X509Certificate2 _authority;
    private readonly Lock _signing = new();
    private readonly ConditionalWeakTable<X509Certificate2, object> _verified = [];

    private ClusterCertificates(TimeProvider clock, ECDsa authorityKey, X509Certificate2 authority)
    {
        _clock = clock;
        _authorityKey = authorityKey;
        _authority = authority;
        AuthorityPem = authority.ExportCertificatePem() + "\n";
    }

    /// <summary>The authority's certificate in PEM: a kubeconfig's certificate-authority, and <c>ca.crt</c> of kube-root-ca.crt.</summary>
    public string AuthorityPem { get; }

    /// <summary>
    /// Makes an authority. Certificates are checked by others on this machine, by the machine's clock: give a manual clock only where
    /// nobody connects from outside.
    /// </summary>
    public static ClusterCertificates Create(TimeProvider clock)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubernetes", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = clock.GetUtcNow();
        return new ClusterCertificates(clock, key, request.CreateSelfSigned(now - ClockSkew, now + AuthorityLifetime));
    }

    /// <summary>
    /// A serving certificate with its key, for localhost, the loopback addresses, and the names of the Service <c>kubernetes</c>, beside
    /// what is given. Good for Kestrel and SslStream on Linux and macOS.
    /// </summary>
    public X509Certificate2 Serve(IEnumerable<string>? dnsNames = null, IEnumerable<IPAddress>? addresses = null)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in new[] { "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local" }
            .Concat(dnsNames ?? []).Distinct(StringComparer.Ordinal))
            names.AddDnsName(name);
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback }.Concat(addresses ?? []).Distinct())
            names.AddIpAddress(address);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kube-apiserver", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using var signed = Sign(request, ServerAuthentication, DefaultLifetime);
        using var withKey = signed.CopyWithPrivateKey(key);
        // A key that lives only in this process is refused by macOS' TLS: through PKCS#12 it becomes one that every platform takes.
        // It never leaves this method, so its password (none) is not made costly to guess.
        var packed = withKey.ExportPkcs12(new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 1), null);
        return X509CertificateLoader.LoadPkcs12(packed, null, X509KeyStorageFlags.Exportable);
    }

    /// <summary>A client certificate and its key, both in PEM.</summary>
    /// <param name="user">Whom it names; groups that the API server adds by itself (system:authenticated) are left out.</param>
    /// <param name="lifetime">For how long; null for a year.</param>
    public ClientCertificate Issue(UserInfo user, TimeSpan? lifetime = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        // Read from the last to the first: the name is written in the reverse order.
        subject.AddCommonName(user.Name);
        foreach (var group in user.Groups.Where(group => group != UserInfo.Authenticated).Reverse())
            subject.AddOrganizationName(group);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        using var signed = Sign(request, ClientAuthentication, lifetime ?? DefaultLifetime);
        return new ClientCertificate(signed.ExportCertificatePem() + "\n", key.ExportECPrivateKeyPem() + "\n");
    }

    /// <summary>A client certificate (PEM) as a request (PEM) asks for it: its subject and its key, whatever extensions it names.</summary>
    /// <param name="request">The signing request.</param>
    /// <param name="lifetime">For how long; null for a year.</param>
    /// <exception cref="CryptographicException">It is no request, or its signature is not by its key.</exception>
    public string IssueRequested(string request, TimeSpan? lifetime)
    {
        var asked = CertificateRequest.LoadSigningRequestPem(request, HashAlgorithmName.SHA256);
        using var signed = Sign(new CertificateRequest(asked.SubjectName, asked.PublicKey, HashAlgorithmName.SHA256), ClientAuthentication, lifetime ?? DefaultLifetime);
        return signed.ExportCertificatePem() + "\n";
    }

    /// <summary>Whom a client certificate names; null where this authority did not sign it for that, or its time is not now.</summary>
    public UserInfo? Verify(X509Certificate2 certificate)
    {
        // The same certificate object comes with every request of a connection; its chain needs to be built but once.
        var known = _verified.GetValue(certificate, one => (object?)Name(one) ?? this);
        var now = _clock.GetUtcNow().UtcDateTime;
        return known is UserInfo user && now >= certificate.NotBefore.ToUniversalTime() && now <= certificate.NotAfter.ToUniversalTime() ? user : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _authority.Dispose();
        _authorityKey.Dispose();
    }

    private UserInfo? Name(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = _clock.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        if (!chain.Build(certificate))
            return null;
        var name = "";
        var groups = new List<string>();
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false))
        {
            if (part.HasMultipleElements)
                continue;
            switch (part.GetSingleElementType().Value)
            {
                case "2.5.4.3":
                    name = part.GetSingleElementValue() ?? "";
                    break;
                case "2.5.4.10":
                    groups.Add(part.GetSingleElementValue() ?? "");
                    break;
            }
        }
        return name.Length == 0 ? null : new UserInfo(name, groups);
    }

    private X509Certificate2 Sign(CertificateRequest request, string purpose, TimeSpan lifetime)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var now = _clock.GetUtcNow();
        var end = now + lifetime;
        var authorityEnd = new DateTimeOffset(_authority.NotAfter.ToUniversalTime());
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        lock (_signing)
            return request.Create(
                _authority.SubjectName, X509SignatureGenerator.CreateForECDsa(_authorityKey), now - ClockSkew, end < authorityEnd ? end : authorityEnd, serial);
    }
}

/// <summary>A client certificate and its private key, in PEM.</summary>
internal sealed record ClientCertificate(string CertificatePem, string KeyPem);
