using System.Collections.Concurrent;
using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// Asks and gets answers, over a node that the peer makes for the answers: who answers sends to the request's reply-to, with the request's message-id as correlation-id. Any number of requests may be
/// under way.
/// </summary>
public sealed class AmqpRequester : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<AmqpMessage>> _waiting = new(StringComparer.Ordinal);
    private readonly AmqpSender _requests;
    private readonly AmqpReceiver _answers;
    private readonly string _prefix = Guid.NewGuid().ToString("N");
    private long _number;

    internal AmqpRequester(AmqpSender requests, AmqpReceiver answers)
    {
        (_requests, _answers) = (requests, answers);
        ThreadPool.UnsafeQueueUserWorkItem(static requester => _ = requester.ReceiveAsync(), this, preferLocal: false);
    }

    /// <summary>Where answers come.</summary>
    public string ReplyTo => _answers.Address!;

    /// <summary>Sends a request and waits for its answer.</summary>
    /// <param name="request">The request; its message-id and reply-to are set here.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="AmqpException">The request was not accepted, or a link has ended.</exception>
    public async Task<AmqpMessage> RequestAsync(AmqpMessage request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        string id = $"{_prefix}-{Interlocked.Increment(ref _number)}";
        var answer = new TaskCompletionSource<AmqpMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        try
        {
            if (_answers.Closed.IsCompleted)
            {
                throw await _answers.Closed.ConfigureAwait(false);
            }

            var outcome = await _requests.SendAsync(
                request with { Properties = request.Properties with { MessageId = EncodedValue.String(id), ReplyTo = EncodedValue.String(ReplyTo) } }, cancellationToken).ConfigureAwait(false);
            if (!outcome.IsAccepted)
            {
                throw new AmqpException($"The request was {outcome.Kind}", outcome.Condition ?? string.Empty, outcome.Description ?? string.Empty);
            }

            return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    /// <summary>Closes both links. Requests that are under way end with <see cref="AmqpException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await _requests.DisposeAsync().ConfigureAwait(false);
        await _answers.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var delivery = await _answers.ReceiveAsync().ConfigureAwait(false);
                delivery.Accept();
                if (delivery.Message.Properties.CorrelationId.View.TryGetString(out var id) && _waiting.TryGetValue(Encoding.UTF8.GetString(id), out var waiting))
                {
                    waiting.TrySetResult(delivery.Message);
                }
            }
        }
        catch (AmqpException reason)
        {
            // Whoever adds himself from here on finds the link closed.
            foreach (var waiting in _waiting.Values)
            {
                waiting.TrySetException(reason);
                _ = waiting.Task.Exception;
            }
        }
    }
}
