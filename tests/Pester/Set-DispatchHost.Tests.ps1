BeforeAll { . "$PSScriptRoot/Setup.ps1" }

Describe 'Set-DispatchHost' {
    BeforeEach {
        Remove-Item $env:REMOTE_DISPATCH_HOSTS_FILE -ErrorAction Ignore
        Add-DispatchHost gpu1 ssh://deploy@gpu1.example.com:2222 -Capability gpu, big -Container box -WorkspaceRoot ~/work
        Add-DispatchHost gpu2 gpu2.example.com
    }

    It 'changes only what is named' {
        Set-DispatchHost gpu1 -Capability gpu
        $after = Get-DispatchHost gpu1
        $after.Capabilities | Should -Be 'gpu'
        "$($after.Address)" | Should -Be 'ssh://deploy@gpu1.example.com:2222'
        "$($after.Container)" | Should -Be 'box'
        $after.WorkspaceRoot | Should -Be '~/work'
        $after.Added | Should -Not -BeNullOrEmpty
    }

    It 'changes the address, and the transport with it' {
        (Set-DispatchHost gpu1 -Address gpu1.tail1.ts.net -PassThru).Transport | Should -Be 'Tailscale'
        (Set-DispatchHost gpu1 -Address 10.0.0.7 -PassThru).Transport | Should -Be 'Ssh'
    }

    It 'empties what is set to nothing' {
        Set-DispatchHost gpu1 -Capability @() -WorkspaceRoot '' -Container none
        $after = Get-DispatchHost gpu1
        $after.Capabilities | Should -BeNullOrEmpty
        $after.WorkspaceRoot | Should -BeNullOrEmpty
        "$($after.Container)" | Should -Be 'none'
    }

    It 'takes hosts from the pipeline' {
        Get-DispatchHost gpu* | Set-DispatchHost -Capability new
        (Get-DispatchHost -Capability new).Name | Should -Be 'gpu1', 'gpu2'
    }

    It 'takes groups and sets, and knows no addresses' {
        Set-DispatchHost 'gpu*!gpu2' -Capability one
        (Get-DispatchHost '@one').Name | Should -Be 'gpu1'
        Set-DispatchHost gpu[1-2] -Capability both
        (Get-DispatchHost '@both').Name | Should -Be 'gpu1', 'gpu2'
        { Set-DispatchHost 'gpu[1-3]' -Capability x -ErrorAction Stop } | Should -Throw -ErrorId 'HostNotFound,*'
        Set-DispatchHost 'nobody*' -Capability x -ErrorAction Stop
    }

    It 'says nothing unless it is asked to' {
        Set-DispatchHost gpu1 -Container auto | Should -BeNullOrEmpty
        "$((Set-DispatchHost gpu1 -Container none -PassThru).Container)" | Should -Be 'none'
    }

    It 'tells of a host that is not there, and goes on' {
        Set-DispatchHost nobody, gpu2 -Capability new -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'HostNotFound,RemoteDispatch.PowerShell.Hosts.SetDispatchHostCommand'
        $failure[0].TargetObject | Should -Be 'nobody'
        (Get-DispatchHost gpu2).Capabilities | Should -Be 'new'
    }

    It 'changes nothing with -WhatIf' {
        $before = Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw
        Set-DispatchHost gpu1 -Address other.example.com -WhatIf
        Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw | Should -BeExactly $before
    }

    It 'refuses what cannot be used, and leaves the host as it was' {
        $before = Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw
        { Set-DispatchHost gpu1 -Address '-oProxyCommand=id' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { Set-DispatchHost gpu1 -WorkspaceRoot '../x' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { Set-DispatchHost gpu1 -Capability 'two words' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { Set-DispatchHost gpu1 -Container '$(id)' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw | Should -BeExactly $before
    }

    It 'completes host names' {
        (Get-Completion 'Set-DispatchHost gpu2').CompletionText | Should -Be 'gpu2'
    }

    It 'pins a host to another key, and takes the pin away again' {
        $pin = 'SHA256:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA'
        (Set-DispatchHost gpu1 -HostKeyFingerprint $pin -PassThru).HostKeyFingerprint | Should -BeExactly $pin
        (Set-DispatchHost gpu1 -Capability gpu -PassThru).HostKeyFingerprint | Should -BeExactly $pin
        (Set-DispatchHost gpu1 -HostKeyFingerprint '' -PassThru).HostKeyFingerprint | Should -BeNullOrEmpty
    }

    It 'lets the very command that an error names accept the key of a host' {
        if (-not $FleetHosts) { Set-ItResult -Skipped -Because 'no sshd is here'; return }
        Add-DispatchHost h1 $FleetHosts[0].address -HostKeyFingerprint 'SHA256:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA' -Force
        $task = Invoke-RemoteTask 'true' h1 -ErrorAction SilentlyContinue -ErrorVariable failure
        $task | Should -BeNullOrEmpty
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'HostKeyChanged,*'
        $failure[0].ErrorDetails.RecommendedAction -match "'(Set-DispatchHost [^']+)'" | Should -BeTrue
        Invoke-Expression $Matches[1]
        (Invoke-RemoteTask 'true' h1 -Wait).State | Should -Be 'Succeeded'
    }

    It 'forwards the agent to a host, and with false no longer' {
        (Set-DispatchHost gpu1 -ForwardAgent -PassThru).ForwardAgent | Should -BeTrue
        (Set-DispatchHost gpu1 -Capability new -PassThru).ForwardAgent | Should -BeTrue
        (Set-DispatchHost gpu1 -ForwardAgent:$false -PassThru).ForwardAgent | Should -BeFalse
    }
}
