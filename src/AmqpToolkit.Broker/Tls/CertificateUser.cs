using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace AmqpToolkit.Broker.Tls;

/// <summary>Reads the name of a user in a certificate that has been checked.</summary>
internal static class CertificateUser
{
    private const string CommonName = "2.5.4.3";
    private const string AlternativeNames = "2.5.29.17";

    /// <summary>The types that RFC 4514 has names for (section 3).</summary>
    private static readonly Dictionary<string, string> Keywords = new(StringComparer.Ordinal)
    {
        [CommonName] = "CN", ["2.5.4.7"] = "L", ["2.5.4.8"] = "ST", ["2.5.4.10"] = "O", ["2.5.4.11"] = "OU", ["2.5.4.6"] = "C", ["2.5.4.9"] = "STREET", ["0.9.2342.19200300.100.1.25"] = "DC", ["0.9.2342.19200300.100.1.1"] = "UID",
    };

    /// <summary>The name; null when it has none of that kind, or more than one.</summary>
    public static string? NameOf(X509Certificate2 certificate, CertificateLogin login)
    {
        try
        {
            string? name = login switch
            {
                CertificateLogin.CommonName => OnlyCommonName(certificate.SubjectName),
                CertificateLogin.DistinguishedName => Write(certificate.SubjectName),
                CertificateLogin.EmailAddress => OnlyAlternative(certificate, 1),
                CertificateLogin.DnsName => OnlyAlternative(certificate, 2),
                CertificateLogin.Uri => OnlyAlternative(certificate, 6),
                _ => null,
            };
            return string.IsNullOrEmpty(name) ? null : name;
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException or DecoderFallbackException)
        {
            return null;
        }
    }

    private static string? OnlyCommonName(X500DistinguishedName subject)
    {
        string? found = null;
        foreach (var part in subject.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements)
            {
                // Which of its names would be meant cannot be told.
                return null;
            }

            if (part.GetSingleElementType().Value == CommonName)
            {
                if (found is not null)
                {
                    return null;
                }

                found = part.GetSingleElementValue();
            }
        }

        return found;
    }

    /// <summary>The subject as RFC 4514 has it (section 2): from the last part to the first, so that two subjects are never one text.</summary>
    private static string? Write(X500DistinguishedName subject)
    {
        var parts = new List<string>();
        foreach (var part in subject.EnumerateRelativeDistinguishedNames(reversed: true))
        {
            if (part.HasMultipleElements || part.GetSingleElementValue() is not { } value)
            {
                return null;
            }

            string type = part.GetSingleElementType().Value!;
            parts.Add($"{Keywords.GetValueOrDefault(type, type)}={Escape(value)}");
        }

        return string.Join(',', parts);
    }

    /// <summary>What has a meaning gets a backslash (section 2.4).</summary>
    private static string Escape(string value)
    {
        var text = new StringBuilder(value.Length);
        for (int index = 0; index < value.Length; index++)
        {
            char character = value[index];
            bool isAtEdge = (index == 0 && character is (' ' or '#')) || (index == value.Length - 1 && character == ' ');
            if (character == '\0')
            {
                text.Append("\\00");
                continue;
            }

            if (isAtEdge || "\"+,;<>\\".Contains(character, StringComparison.Ordinal))
            {
                text.Append('\\');
            }

            text.Append(character);
        }

        return text.ToString();
    }

    /// <summary>The one of the kind in <c>GeneralNames</c>: a sequence of texts, each with a tag of its own. Null when there are more: which is meant cannot be told.</summary>
    private static string? OnlyAlternative(X509Certificate2 certificate, int kind)
    {
        string? found = null;
        foreach (var extension in certificate.Extensions)
        {
            if (extension.Oid?.Value != AlternativeNames)
            {
                continue;
            }

            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                var tag = names.PeekTag();
                if (tag.TagClass == TagClass.ContextSpecific && tag.TagValue == kind)
                {
                    if (found is not null)
                    {
                        return null;
                    }

                    found = names.ReadCharacterString(UniversalTagNumber.IA5String, tag);
                }
                else
                {
                    names.ReadEncodedValue();
                }
            }
        }

        return found;
    }
}
