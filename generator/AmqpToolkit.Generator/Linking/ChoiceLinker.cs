using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>Takes the choices of a type or domain whose values are values of it, and whose values and names no earlier one has.</summary>
internal static class ChoiceLinker
{
    /// <param name="owner">Name of the type or domain.</param>
    /// <param name="primitive">The primitive of 1.0 that the values are.</param>
    /// <param name="spelled">What the definition calls that.</param>
    /// <param name="choices">In their order.</param>
    /// <param name="findings">Gets what is left out.</param>
    public static EquatableArray<ChoiceModel> Link(string owner, string primitive, string spelled, IEnumerable<Sourced<RawChoice>> choices, FindingList findings)
    {
        var names = new SiblingNames(findings);
        var values = new HashSet<string>(StringComparer.Ordinal);
        var items = new List<ChoiceModel>();
        foreach (Sourced<RawChoice> choice in choices)
        {
            RawChoice raw = choice.Item;
            if (!Primitives.IsLiteral(primitive, raw.Value))
            {
                findings.Add(Rules.BadAttribute, choice.Path, raw.Node, "value", "choice", "value", $"a value of the type {spelled}");
                continue;
            }

            string value = Primitives.Canonical(primitive, raw.Value);
            if (!values.Add(value))
            {
                findings.Add(Rules.Duplicate, choice.Path, raw.Node, "value", "choice", value, $"another choice of '{owner}'");
            }
            else if (names.TryTake(choice.Path, raw.Node, raw.Name, CSharpName.Pascal(raw.Name)))
            {
                items.Add(new ChoiceModel(raw.Name, value, raw.Label));
            }
        }

        return items.ToEquatableArray();
    }
}
