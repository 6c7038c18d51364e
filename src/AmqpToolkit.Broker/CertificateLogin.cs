namespace AmqpToolkit.Broker;

/// <summary>Which part of a client's certificate is the name of its user, for SASL EXTERNAL (RFC 4422 appendix A).</summary>
public enum CertificateLogin
{
    /// <summary>The one common name of the subject.</summary>
    CommonName,

    /// <summary>The whole subject as RFC 4514 writes it: <c>CN=app,O=Shop</c>; types that it has no name for by their numbers.</summary>
    DistinguishedName,

    /// <summary>The one DNS name among the subject's alternatives (RFC 5280 section 4.2.1.6).</summary>
    DnsName,

    /// <summary>The one e-mail address there.</summary>
    EmailAddress,

    /// <summary>The one URI there.</summary>
    Uri,
}
