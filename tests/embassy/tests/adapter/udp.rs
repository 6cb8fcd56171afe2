//! Frames over UDP: two stacks, and a wire between them.

use embassy_net::{
    Config as NetConfig, IpAddress, IpEndpoint, Ipv4Address, Ipv4Cidr, Stack, StackResources,
    StaticConfigV4,
    udp::{PacketMetadata, UdpSocket},
};
use embassy_net_driver_channel::{
    self as channel, Device, RxRunner, TxRunner,
    driver::{HardwareAddress, LinkState},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use streamgauge_embassy::{Config, Tier, Udp};
use streamgauge_tests_embassy::{Bench, Inbox, TICK, split};

const MTU: usize = 300;
/// What an IPv4 packet of that length carries.
const DATAGRAM: usize = MTU - 28;

type Port = (channel::Runner<'static, MTU>, Device<'static, MTU>);

fn port() -> Port {
    let state: &'static mut channel::State<MTU, 4, 4> = Box::leak(Box::new(channel::State::new()));
    let (mut runner, device) = channel::new(state, HardwareAddress::Ip);
    runner.set_link_state(LinkState::Up);
    (runner, device)
}

/// Carries packets one way, but for those that `keep` does not.
async fn carry(
    mut from: TxRunner<'static, MTU>,
    mut to: RxRunner<'static, MTU>,
    mut keep: impl FnMut() -> bool,
) {
    loop {
        let packet = from.tx_buf().await.to_vec();
        from.tx_done();
        if keep() {
            to.rx_buf().await[..packet.len()].copy_from_slice(&packet);
            to.rx_done(packet.len());
        }
    }
}

fn stack(bench: &mut Bench<'_>, device: Device<'static, MTU>, host: u8) -> Stack<'static> {
    let config = NetConfig::ipv4_static(StaticConfigV4 {
        address: Ipv4Cidr::new(Ipv4Address::new(10, 0, 0, host), 24),
        gateway: None,
        dns_servers: std::iter::empty().collect(),
    });
    let resources: &'static mut StackResources<2> = Box::leak(Box::new(StackResources::new()));
    let (stack, mut runner) = embassy_net::new(device, config, resources, 1);
    bench.spawn(async move { runner.run().await });
    stack
}

fn socket(stack: Stack<'static>, port: u16) -> UdpSocket<'static> {
    fn meta() -> &'static mut [PacketMetadata] {
        Box::leak(Box::new([PacketMetadata::EMPTY; 8]))
    }
    fn room() -> &'static mut [u8] {
        Box::leak(Box::new([0; 1024]))
    }
    let mut socket = UdpSocket::new(stack, meta(), room(), meta(), room());
    socket.bind(port).unwrap();
    socket
}

#[test]
fn frames_for_nowhere_are_refused_and_tried_again() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new());
    let (channel, device) = port();
    let (_state, _rx, _tx) = channel.split();
    let stack = stack(&mut bench, device, 1);
    let nowhere = IpEndpoint::new(IpAddress::v4(0, 0, 0, 0), 9);
    let mut sink = Udp::new(socket(stack, 5000), nowhere, DATAGRAM);
    let refused = Rc::new(Cell::new(0));
    let told = refused.clone();
    bench.spawn(async move {
        loop {
            runner.step(&mut sink).await;
            told.set(runner.health().refused_frames);
        }
    });
    bench.settle();
    drop(
        handle
            .tier(Tier::External)
            .broadcast("live/one")
            .publisher(),
    );
    bench.leap(TICK);
    bench.leap(TICK);
    assert_eq!(refused.get(), 3 * 7);
    assert_eq!(handle.usage().series, 1);
}

fn play(keep: impl FnMut() -> bool + 'static) -> Inbox {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new());
    let (near, far) = (port(), port());
    let ((_, near_rx, near_tx), (_, far_rx, far_tx)) = (near.0.split(), far.0.split());
    bench.spawn(carry(near_tx, far_rx, keep));
    bench.spawn(carry(far_tx, near_rx, || true));
    let (near, far) = (stack(&mut bench, near.1, 1), stack(&mut bench, far.1, 2));

    let to = IpEndpoint::new(IpAddress::v4(10, 0, 0, 2), 9999);
    let mut sink = Udp::new(socket(near, 5000), to, DATAGRAM);
    bench.spawn(async move { runner.run(&mut sink).await });
    let inbox = Rc::new(RefCell::new(Inbox::new()));
    let reading = inbox.clone();
    let receiver = socket(far, 9999);
    let receive = bench.spawn(async move {
        let mut buf = [0; MTU];
        loop {
            let (len, _) = receiver.recv_from(&mut buf).await.unwrap();
            assert!(len <= DATAGRAM);
            reading.borrow_mut().read_datagram(&buf[..len]);
        }
    });
    bench.settle();
    let mut tracks = ["live/one", "live/two", "live/three"].map(|path| {
        handle
            .tier(Tier::External)
            .broadcast(path)
            .publisher_track("v")
    });
    for _ in 0..50 {
        for track in &mut tracks {
            track.whole_frame(100);
        }
        bench.leap(TICK);
    }
    bench.cancel(receive);
    Rc::into_inner(inbox).unwrap().into_inner()
}

#[test]
fn frames_longer_than_a_datagram_arrive_whole() {
    let inbox = play(|| true);
    assert_eq!(inbox.frames("publisher.json").len(), 51);
    assert_eq!(inbox.newest("publisher.json")["live/three"]["bytes"], 5000);
    assert_eq!(inbox.datagrams().lost_frames, 0);
    assert_eq!(inbox.node("refused_frames"), 0);
}

#[test]
fn datagrams_that_do_not_arrive_show_as_lost_frames() {
    let mut sent = 0;
    let inbox = play(move || {
        sent += 1;
        sent % 10 != 0 || sent > 300
    });
    let tally = inbox.datagrams();
    assert!(tally.lost_frames > 10, "{tally:?}");
    assert_eq!(tally.damaged_packets, 0);
    let frames = inbox.frames("publisher.json").len() + inbox.frames("node.json").len();
    assert!(frames > 20);
    assert_eq!(
        tally.frames + tally.lost_frames,
        51 * 2 + 5,
        "each frame is delivered or lost"
    );
}
