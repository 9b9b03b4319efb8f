import NIOCore
import NIOWebSocket

/// Moves messages between one WebSocket and the service.
package struct WebSocketConnection {
    package let channel: NIOAsyncChannel<WebSocketFrame, WebSocketFrame>
    package let service: PricingService

    /// How long a client may take to answer a close.
    private static let closeTime = Duration.seconds(2)

    package func serve() async {
        let socket = channel.channel
        let outbox = Outbox { socket.close(promise: nil) }
        let connection = service.open(outbox)
        // A client that vanishes is not an error of ours.
        try? await channel.executeThenClose { inbound, outbound in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await Self.write(outbox, to: outbound) }
                group.addTask { try? await read(inbound, connection, outbound) }
                await group.next()
                group.cancelAll()
            }
        }
        service.close(connection)
    }

    private func read(
        _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>, _ connection: Int,
        _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
    ) async throws {
        for try await frame in inbound {
            switch frame.opcode {
            case .text:
                await service.receive(Array(frame.unmaskedData.readableBytesView), on: connection)
            case .connectionClose:
                var data = frame.unmaskedData
                let code = data.readSlice(length: min(2, data.readableBytes)) ?? ByteBuffer()
                try await outbound.write(
                    WebSocketFrame(fin: true, opcode: .connectionClose, data: code))
                return
            case .ping, .pong: break
            default:
                try await outbound.write(
                    .close(code: 1003, reason: "only text messages are understood"))
                return
            }
        }
    }

    private static func write(
        _ outbox: Outbox, to outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
    ) async throws {
        for await message in outbox.messages {
            switch message {
            case .text(let text):
                try await outbound.write(
                    WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(bytes: text)))
                outbox.wrote(text.count)
            case .close(let code, let reason):
                try await outbound.write(.close(code: code, reason: reason))
                // Its answer ends the reading; dropping the line at once could lose what was sent.
                try await Task.sleep(for: closeTime)
            }
        }
    }
}

extension WebSocketFrame {
    /// A close frame; its reason must fit into 123 bytes (RFC 6455, section 5.5).
    fileprivate static func close(code: UInt16, reason: String) -> WebSocketFrame {
        var data = ByteBuffer()
        data.writeInteger(code)
        data.writeString(String(reason.unicodeScalars.filter(\.isASCII).prefix(120)))
        return WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
    }
}

/// Answers pings, and ends a connection whose other side no longer answers ours (half-open
/// connections would stay for hours) or sends a frame without a mask (RFC 6455, section 5.1).
package final class KeepAlive: ChannelDuplexHandler {
    package typealias InboundIn = WebSocketFrame
    package typealias InboundOut = WebSocketFrame
    package typealias OutboundIn = WebSocketFrame
    package typealias OutboundOut = WebSocketFrame

    private static let interval = TimeAmount.seconds(30)
    private static let mostUnanswered = 3
    private var unanswered = 0
    private var timer: RepeatedTask?

    package func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleRepeatedTask(
            initialDelay: Self.interval, delay: Self.interval
        ) { _ in bound.value.handler.ping(context: bound.value.context) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    package func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        unanswered = 0
        guard frame.maskKey != nil else {
            let close = WebSocketFrame.close(code: 1002, reason: "a frame without a mask")
            context.writeAndFlush(wrapOutboundOut(close), promise: nil)
            return context.close(promise: nil)
        }
        guard frame.opcode == .ping else { return context.fireChannelRead(data) }
        let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
        context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
    }

    private func ping(context: ChannelHandlerContext) {
        guard unanswered < Self.mostUnanswered else { return context.close(promise: nil) }
        unanswered += 1
        context.writeAndFlush(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer())),
            promise: nil)
    }
}
