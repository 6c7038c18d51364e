using AmqpToolkit.Broker.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Access;

/// <summary>Tells of what an import does not take over, by name: the log, and whoever has asked for the import. Of any number of things, as a file has that is another thing altogether, the first are told and the rest is counted.</summary>
internal sealed class PassedOver(ILogger logger)
{
    /// <summary>Things that are told.</summary>
    private const int Most = 200;

    private readonly List<string> _all = [];
    private int _untold;

    /// <summary>What has been told, and how many more there are.</summary>
    public IReadOnlyList<string> All => _untold == 0 ? _all : [.. _all, $"and {_untold} more"];

    /// <summary>A key that means nothing.</summary>
    public void AddKey(string key) => Add($"the key '{key}'", () => Log.DefinitionKeyUnknown(logger, key));

    /// <summary>A thing that has a meaning elsewhere.</summary>
    public void Add(string what) => Add(what, () => Log.DefinitionPassedOver(logger, what));

    /// <summary>A thing that every export has, and nobody misses.</summary>
    public void AddUsual(string what) => Add(what, () => Log.UsualDefinitionPassedOver(logger, what));

    /// <summary>Everything has been told: says how much has not.</summary>
    public void End()
    {
        if (_untold > 0)
        {
            Log.DefinitionPassedOver(logger, $"and {_untold} more");
        }
    }

    private void Add(string what, Action tell)
    {
        if (_all.Count == Most)
        {
            _untold++;
            return;
        }

        _all.Add(what);
        tell();
    }
}
