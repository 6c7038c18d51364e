using System.Collections.Concurrent;
using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// Asks and gets answers, over a node that the peer makes for the answers: who answers sends to the request's reply-to, with the request's message-id as correlation-id. Any number of requests may be
/// under way. An answer whose correlation-id is not that text is passed over.
/// </summary>
public sealed class AmqpRequester : IAsyncDisposable
{
    private const string What = "The link of the answers has ended";

    private readonly ConcurrentDictionary<string, TaskCompletionSource<AmqpMessage>> _waiting = new(StringComparer.Ordinal);
    private readonly AmqpSender _requests;
    private readonly AmqpReceiver _answers;
    private readonly string _prefix = Guid.NewGuid().ToString("N");
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile CloseReason? _reason;
    private long _number;

    internal AmqpRequester(AmqpSender requests, AmqpReceiver answers)
    {
        (_requests, _answers) = (requests, answers);
        ThreadPool.UnsafeQueueUserWorkItem(static requester => _ = requester.ReceiveAsync(), this, preferLocal: false);
    }

    /// <summary>Where answers come.</summary>
    public string ReplyTo => _answers.Address!;

    /// <summary>Sends a request and waits for its answer: for ever, unless told otherwise. An answer that comes before the request was settled ends the wait, too.</summary>
    /// <param name="request">The request; its message-id and reply-to are set here.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SendFailedException">The request was not accepted, or its link ended before anybody said so.</exception>
    /// <exception cref="AmqpException">The request was not sent since its link has ended, or the link of the answers has.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended; whether the request was sent is not known.</exception>
    public async Task<AmqpMessage> RequestAsync(AmqpMessage request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        string id = $"{_prefix}-{Interlocked.Increment(ref _number)}";
        var answer = new TaskCompletionSource<AmqpMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        try
        {
            if (_reason is { } reason)
            {
                throw new AmqpException(What, reason);
            }

            var sending = _requests.SendAsync(
                request with { Properties = request.Properties with { MessageId = EncodedValue.String(id), ReplyTo = EncodedValue.String(ReplyTo) } }, cancellationToken).AsTask();
            if (await Task.WhenAny(sending, answer.Task).ConfigureAwait(false) == answer.Task)
            {
                // Nobody looks at the outcome any more.
                _ = sending.ContinueWith(static sending => _ = sending.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                return await answer.Task.ConfigureAwait(false);
            }

            (await sending.ConfigureAwait(false)).ThrowIfNotAccepted();
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
        await _left.Task.ConfigureAwait(false);
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
#pragma warning disable CA1031 // Whoever's defect it is: those that wait must end.
        catch (Exception reason)
#pragma warning restore CA1031
        {
            // Whoever adds himself from here on finds the reason.
            var first = (reason as AmqpException)?.Reason ?? new CloseReason(CloseScope.Link, CloseInitiator.Local, string.Empty, reason.Message, exception: reason);
            _reason = first;
            foreach (var waiting in _waiting.Values)
            {
                waiting.TrySetException(new AmqpException(What, first));
                _ = waiting.Task.Exception;
            }

            _left.TrySetResult();
        }
    }
}
