using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AmqpToolkit.Testing;

/// <summary>An authority for certificates of a test, and a folder with its files; the folder goes with it.</summary>
public sealed class TestAuthority : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amqp-tls-tests");
    private int _serial;

    /// <summary>Makes one.</summary>
    public TestAuthority(string name = "Test Authority")
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        Certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddYears(-1), TimeProvider.System.GetUtcNow().AddYears(1));
        File = Write("authority.pem", Certificate.ExportCertificatePem());
    }

    /// <summary>Its own certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The same as a file.</summary>
    public string File { get; }

    /// <summary>A file of its folder.</summary>
    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>A broker's certificate for these names, and 127.0.0.1, with its key, as one file.</summary>
    public string IssueServer(string file, params string[] names)
    {
        using var certificate = Issue($"CN={names[0]}", ServerUse, alternatives =>
        {
            Array.ForEach(names, alternatives.AddDnsName);
            alternatives.AddIpAddress(IPAddress.Loopback);
        });
        return Write(file, PemOf(certificate));
    }

    /// <summary>A client's certificate, with its key.</summary>
    public X509Certificate2 IssueClient(string subject, Action<SubjectAlternativeNameBuilder>? alternatives = null, int daysLeft = 30, int daysSince = 60) => Issue(subject, ClientUse, alternatives, daysLeft, daysSince);

    /// <summary>A certificate that says nothing of what it is for.</summary>
    public X509Certificate2 IssueForAnything(string subject) => Issue(subject, use: null, name: null);

    /// <summary>A certificate that is signed with another's key, whatever that is good for.</summary>
    public static X509Certificate2 IssueBy(X509Certificate2 issuer, string subject)
    {
        using var signer = issuer.GetECDsaPrivateKey()!;
        return Issue(issuer.SubjectName, signer, subject, ClientUse, name: null, daysLeft: 20, daysSince: 20, serial: 99);
    }

    /// <summary>An authority between this one and those it is to sign for, with its key.</summary>
    public X509Certificate2 IssueAuthority(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        using var issued = request.Create(Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), TimeProvider.System.GetUtcNow().AddDays(-60), TimeProvider.System.GetUtcNow().AddDays(60), [1, 2, 3, (byte)++_serial]);
        return issued.CopyWithPrivateKey(key);
    }

    /// <summary>The same as a file.</summary>
    public string IssueClientFile(string file, string subject, int daysLeft = 30)
    {
        using var certificate = IssueClient(subject, daysLeft: daysLeft);
        return Write(file, PemOf(certificate));
    }

    /// <summary>Writes a file.</summary>
    public string Write(string file, string text)
    {
        string path = PathOf(file);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _key.Dispose();
        Certificate.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string PemOf(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }

    private X509Certificate2 Issue(string subject, string? use, Action<SubjectAlternativeNameBuilder>? name, int daysLeft = 30, int daysSince = 60) =>
        Issue(Certificate.SubjectName, _key, subject, use, name, daysLeft, daysSince, (byte)++_serial);

    private static X509Certificate2 Issue(X500DistinguishedName issuer, ECDsa signer, string subject, string? use, Action<SubjectAlternativeNameBuilder>? name, int daysLeft, int daysSince, byte serial)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        if (use is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        }

        if (name is not null)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            name(alternatives);
            request.CertificateExtensions.Add(alternatives.Build());
        }

        using var issued = request.Create(issuer, X509SignatureGenerator.CreateForECDsa(signer), TimeProvider.System.GetUtcNow().AddDays(-daysSince), TimeProvider.System.GetUtcNow().AddDays(daysLeft), [1, 2, 3, serial]);
        return issued.CopyWithPrivateKey(key);
    }
}
