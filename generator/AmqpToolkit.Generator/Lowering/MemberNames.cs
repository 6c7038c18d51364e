namespace AmqpToolkit.Generator.Lowering;

/// <summary>
/// Gives the fields of a definition their names as members of a type. A name that is not free gets <c>Value</c> behind it, and a number if need be; those
/// that are free come first, so that a field never loses its plain name to one that had to be renamed.
/// </summary>
internal static class MemberNames
{
    /// <summary>Names for as many fields.</summary>
    /// <param name="wanted">What they would be called, in their order.</param>
    /// <param name="isReserved">Whether a name is not to be had, for the field of an index.</param>
    /// <param name="forms">All names that come of a name: the property, whether it is set, ...</param>
    public static string[] Assign(IReadOnlyList<string> wanted, Func<int, string, bool> isReserved, Func<string, string[]> forms)
    {
        string[] names = new string[wanted.Count];
        var taken = new HashSet<string>(StringComparer.Ordinal);
        bool TryTake(int index, string name)
        {
            string[] all = forms(name);
            if (all.Any(form => taken.Contains(form) || isReserved(index, form)))
            {
                return false;
            }

            taken.UnionWith(all);
            names[index] = name;
            return true;
        }

        var left = new List<int>();
        for (int i = 0; i < names.Length; i++)
        {
            if (!TryTake(i, wanted[i]))
            {
                left.Add(i);
            }
        }

        foreach (int index in left)
        {
            string name = wanted[index] + "Value";
            for (int number = 2; !TryTake(index, name); number++)
            {
                name = FormattableString.Invariant($"{wanted[index]}Value{number}");
            }
        }

        return names;
    }

    /// <summary>Names that need nothing but to be free.</summary>
    public static string[] Assign(IReadOnlyList<string> wanted, HashSet<string> reserved) => Assign(wanted, (_, name) => reserved.Contains(name), name => [name]);
}
